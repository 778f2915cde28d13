import type { AuthSpec, OAuth2Spec } from '../../../shared/http-spec.ts'
import { fieldTable, type YamlMap, type YamlValue } from '../../yaml/value.ts'
import { readHeaders } from './headers.ts'
import { checkProxyFields, OAUTH2_PROXY_FIELDS, readPlainProxy } from './proxy.ts'
import { type JobScope, readSecret, readTextOrFile } from './secrets.ts'
import { readTls } from './tls.ts'

const AUTHORIZATION_FIELDS = fieldTable('type', 'credentials', 'credentials_file')
const BASIC_AUTH_FIELDS = fieldTable('username', 'username_file', 'password', 'password_file')
const OAUTH2_FIELDS = {
  ...fieldTable('client_id', 'client_secret', 'client_secret_file', 'token_url', 'scopes', 'endpoint_params'),
  ...fieldTable('tls_config', 'headers'),
  ...OAUTH2_PROXY_FIELDS,
}

/** Names of the fields that `readAuth` reads. */
export function authFields(prefix: '' | 'proxy_'): string[] {
  return ['authorization', 'basic_auth', 'bearer_token', 'bearer_token_file', 'oauth2'].map(name => prefix + name)
}

/**
 * Reads how requests prove who they are, which one job may say in one way only.
 *
 * @param prefix what the names of the fields begin with
 * @throws {ConfigError} on wrong types; other faults go to `scope.problems`
 */
export function readAuth(map: YamlMap, scope: JobScope, prefix: '' | 'proxy_' = ''): AuthSpec | undefined {
  const authorization = map.get(`${prefix}authorization`)
  const basic = map.get(`${prefix}basic_auth`)
  const oauth2 = map.get(`${prefix}oauth2`)
  const bearer = readSecret(map, `${prefix}bearer_token`, scope)
  const given = Object.entries({ authorization, basic_auth: basic, bearer_token: bearer, oauth2 })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => prefix + name)
  if (given.length > 1) scope.problems.push(map.value.error(`use only one of ${given.join(', ')}`))
  if (basic !== undefined) return readBasicAuth(basic, scope)
  if (bearer !== undefined) return { type: 'authorization', scheme: 'Bearer', credentials: bearer }
  if (oauth2 !== undefined) return readOAuth2(oauth2, scope)
  return authorization && readAuthorization(authorization, scope)
}

function readAuthorization(value: YamlValue, scope: JobScope): AuthSpec {
  const fields = value.asMap().check(AUTHORIZATION_FIELDS)
  const scheme = fields.get('type')?.asString() || 'Bearer'
  return { type: 'authorization', scheme, credentials: readSecret(fields, 'credentials', scope) ?? { value: '' } }
}

function readBasicAuth(value: YamlValue, scope: JobScope): AuthSpec {
  const fields = value.asMap().check(BASIC_AUTH_FIELDS)
  const username = readTextOrFile(fields, 'username', scope)
  const password = readSecret(fields, 'password', scope)
  if (username === undefined && password === undefined) {
    scope.problems.push(value.error('neither username nor password is given'))
  } else if (username === undefined) {
    scope.warnings.push(value.error('neither username nor username_file is given').message)
  }
  return { type: 'basic', username: username ?? { value: '' }, password: password ?? { value: '' } }
}

function readOAuth2(value: YamlValue, scope: JobScope): OAuth2Spec {
  const fields = value.asMap().check(OAUTH2_FIELDS)
  checkProxyFields(fields)
  const clientId = fields.get('client_id')?.asString() ?? ''
  const clientSecret = readSecret(fields, 'client_secret', scope)
  const tokenUrl = fields.get('token_url')?.asString() ?? ''
  const tls = fields.get('tls_config')
  const proxy = readPlainProxy(fields, scope)
  if (clientId === '') scope.problems.push(value.error('client_id is missing'))
  if (clientSecret === undefined)
    scope.problems.push(value.error('neither client_secret nor client_secret_file is given'))
  if (!/^https?:$/.test(URL.parse(tokenUrl)?.protocol ?? '')) {
    scope.problems.push((fields.get('token_url') ?? value).error('token_url is not an http or https URL'))
  }
  return {
    type: 'oauth2',
    clientId,
    clientSecret: clientSecret ?? { value: '' },
    tokenUrl,
    scopes: fields.get('scopes')?.asStrings() ?? [],
    endpointParams: fields.get('endpoint_params')?.asMap().asPairs() ?? [],
    http: {
      headers: readHeaders(fields.get('headers'), scope),
      ...(tls !== undefined && { tls: readTls(tls, scope) }),
      ...(proxy !== undefined && { proxy }),
    },
  }
}
