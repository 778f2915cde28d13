import { X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { AuthSpec, HttpSpec, Secret, TlsSpec } from '../../../shared/http-spec.ts'
import type { ConfigError } from '../../yaml/error.ts'
import { type FieldTable, fieldTable, READ, type YamlMap, type YamlValue } from '../../yaml/value.ts'
import { isHttpUrl } from './read.ts'
import { checkFiles, type UnusableFile } from './secret-files.ts'
import type { ScrapeOptions } from './types.ts'

const NO_OAUTH = { refused: 'OAuth 2 is not available; give a token with authorization.credentials_file' }
const NO_PROXY = { refused: 'scraping through a proxy is not available' }

/** Fields of a map that says how to talk HTTP; they stand among the other fields of a job. */
export const HTTP_CLIENT_FIELDS: FieldTable = {
  ...fieldTable('authorization', 'basic_auth', 'bearer_token', 'bearer_token_file', 'tls_config', 'headers'),
  follow_redirects: READ,
  oauth2: NO_OAUTH,
  proxy_url: NO_PROXY,
  proxy_authorization: NO_PROXY,
  proxy_basic_auth: NO_PROXY,
  proxy_bearer_token: NO_PROXY,
  proxy_bearer_token_file: NO_PROXY,
  proxy_oauth2: NO_PROXY,
  proxy_tls_config: NO_PROXY,
  proxy_headers: NO_PROXY,
  no_proxy: { foreign: 'scraping through a proxy is not available' },
  proxy_from_environment: { foreign: 'scraping through a proxy is not available' },
  proxy_connect_header: { foreign: 'scraping through a proxy is not available' },
  http_headers: { foreign: 'write "Name: value" lines in headers' },
}

const AUTHORIZATION_FIELDS = fieldTable('type', 'credentials', 'credentials_file')
const BASIC_AUTH_FIELDS = fieldTable('username', 'username_file', 'password', 'password_file')
const TLS_FIELDS = fieldTable(
  ...['ca', 'ca_file', 'cert', 'cert_file', 'key', 'key_file'],
  ...['server_name', 'insecure_skip_verify', 'min_version'],
)

/** What the readers of one job share. */
export type JobScope = {
  /** Directory that relative paths start from. */
  readonly baseDir: string
  readonly options: ScrapeOptions
  /** Faults that make this job unusable, but not the file. */
  readonly problems: ConfigError[]
  /** Files that cannot be used at the moment; a job that names them runs as soon as they can. */
  readonly unusable: UnusableFile[]
  readonly warnings: string[]
}

/** @throws {ConfigError} on wrong types; other faults go to `scope.problems` */
export function readHttpClient(map: YamlMap, scope: JobScope): HttpSpec {
  checkFiles(map, scope)
  const auth = readAuth(map, scope)
  const tls = map.get('tls_config')
  return {
    ...(auth !== undefined && { auth }),
    ...(tls !== undefined && { tls: readTls(tls, scope) }),
    headers: readHeaders(map.get('headers'), scope),
  }
}

function readAuth(map: YamlMap, scope: JobScope): AuthSpec | undefined {
  const authorization = map.get('authorization')
  const basic = map.get('basic_auth')
  const bearer = readSecret(map, 'bearer_token', scope)
  const given = [authorization && 'authorization', basic && 'basic_auth', bearer && 'bearer_token'].filter(Boolean)
  if (given.length > 1) scope.problems.push(map.value.error(`use only one of ${given.join(', ')}`))
  if (basic !== undefined) return readBasicAuth(basic, scope)
  if (bearer !== undefined) return { type: 'authorization', scheme: 'Bearer', credentials: bearer }
  if (authorization === undefined) return undefined
  const fields = authorization.asMap().check(AUTHORIZATION_FIELDS)
  const scheme = fields.get('type')?.asString() || 'Bearer'
  return { type: 'authorization', scheme, credentials: readSecret(fields, 'credentials', scope) ?? { value: '' } }
}

function readBasicAuth(value: YamlValue, scope: JobScope): AuthSpec {
  const fields = value.asMap().check(BASIC_AUTH_FIELDS)
  const username = readTextOrFile(fields, 'username', scope)
  if (username === undefined) scope.warnings.push(value.error('neither username nor username_file is given').message)
  const password = readSecret(fields, 'password', scope) ?? { value: '' }
  return { type: 'basic', username: username ?? { value: '' }, password }
}

function readTls(value: YamlValue, scope: JobScope): TlsSpec {
  const fields = value.asMap().check(TLS_FIELDS)
  const ca = readTextOrFile(fields, 'ca', scope)
  const cert = readTextOrFile(fields, 'cert', scope)
  const key = readSecret(fields, 'key', scope)
  const serverName = fields.get('server_name')?.asString()
  const version = fields.get('min_version')?.asString().toUpperCase()
  const minVersion = version === undefined ? undefined : TLS_VERSIONS[version]
  if (version !== undefined && minVersion === undefined) {
    const known = Object.keys(TLS_VERSIONS).join(', ')
    scope.problems.push(fields.get('min_version')!.error(`unknown TLS version "${version}"; known: ${known}`))
  }
  checkCertificates(value, { ca, cert, key }, scope)
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { serverName }),
    insecureSkipVerify: fields.get('insecure_skip_verify')?.asBoolean() ?? false,
    ...(minVersion !== undefined && { minVersion }),
  }
}

const TLS_VERSIONS: Readonly<Record<string, NonNullable<TlsSpec['minVersion']>>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
}

type Certificates = Record<'ca' | 'cert' | 'key', Secret | undefined>

/** What is given in place is checked now; files are read when a connection opens. */
function checkCertificates(value: YamlValue, { ca, cert, key }: Certificates, scope: JobScope): void {
  if ((cert === undefined) !== (key === undefined)) {
    scope.problems.push(value.error('a client certificate needs both cert and key'))
  }
  try {
    if (ca !== undefined && 'value' in ca) new X509Certificate(ca.value)
    if (cert !== undefined && 'value' in cert && key !== undefined && 'value' in key) {
      createSecureContext({ cert: cert.value, key: key.value })
    }
  } catch (cause) {
    scope.problems.push(value.error(`not a usable certificate: ${(cause as Error).message}`, { cause }))
  }
}

function readHeaders(value: YamlValue | undefined, { problems }: JobScope): HttpSpec['headers'] {
  const headers: [string, string][] = []
  for (const item of value?.asList() ?? []) {
    const text = item.asString()
    const colon = text.indexOf(':')
    if (colon < 1) problems.push(item.error(`header ${JSON.stringify(text)} is not of the form "Name: value"`))
    else headers.push([text.slice(0, colon).trim(), text.slice(colon + 1).trim()])
  }
  return headers
}

/** Reads `NAME` or `NAME_file`; the value does not appear in `/config`. */
function readSecret(map: YamlMap, name: string, scope: JobScope): Secret | undefined {
  return readEither(map, name, map.get(name)?.asSecret(), scope)
}

/** Reads `NAME` or `NAME_file`. */
function readTextOrFile(map: YamlMap, name: string, scope: JobScope): Secret | undefined {
  return readEither(map, name, map.get(name)?.asString(), scope)
}

function readEither(map: YamlMap, name: string, text: string | undefined, scope: JobScope): Secret | undefined {
  const file = map.get(`${name}_file`)
  const path = file?.asString() ?? ''
  const hasText = text !== undefined && text !== ''
  if (path !== '' && hasText) scope.problems.push(file!.error(`use only one of ${name} and ${name}_file`))
  if (isHttpUrl(path)) scope.problems.push(file!.error(`${name} is read from files only, not from a URL`))
  if (path !== '') return { file: resolve(scope.baseDir, path) }
  return hasText ? { value: text } : undefined
}
