import type { ProxySpec } from '../../../shared/http-spec.ts'
import { fieldTable, type YamlMap, type YamlValue } from '../../yaml/value.ts'
import { readHeaders, readSecretLists } from './headers.ts'
import { checkConditions, type FieldConditions } from './prometheus-fields.ts'
import type { JobScope } from './secrets.ts'

const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'socks5:', 'tls+socks5:'])

const CONDITIONS: FieldConditions = {
  proxy_from_environment: {
    fits: value => !value.asBoolean(),
    why: 'name the proxy in proxy_url, which may hold %{HTTP_PROXY}',
  },
}

/** Fields of Prometheus that say which proxy a request takes; `oauth2` has them too. */
export const OAUTH2_PROXY_FIELDS = fieldTable(
  ...['proxy_url', 'no_proxy', 'proxy_connect_header'],
  ...Object.keys(CONDITIONS),
)

/** Refuses what is not done here. @throws {ConfigError} */
export function checkProxyFields(map: YamlMap): void {
  checkConditions(map, CONDITIONS)
}

/**
 * Reads `proxy_url` and what belongs to it, without credentials of its own.
 *
 * @throws {ConfigError} the URL is not one of a proxy, or on wrong types
 */
export function readPlainProxy(map: YamlMap, scope: JobScope): Omit<ProxySpec, 'auth'> | undefined {
  const url = map.get('proxy_url')
  const noProxy = map.get('no_proxy')
  const connectHeaders = map.get('proxy_connect_header')
  if (url === undefined || url.asString() === '') {
    for (const field of [noProxy, connectHeaders]) {
      if (field !== undefined) scope.problems.push(field.error('there is no proxy_url that it could belong to'))
    }
    return undefined
  }
  return {
    url: readProxyUrl(url),
    headers: readHeaders(map.get('proxy_headers'), scope),
    connectHeaders: readSecretLists(connectHeaders),
    noProxy: noProxy?.asString() ?? '',
  }
}

function readProxyUrl(value: YamlValue): string {
  const text = value.asString()
  const url = URL.parse(text)
  if (url === null || !SCHEMES.has(url.protocol) || url.hostname === '') {
    throw value.error('it is not the URL of a proxy: its scheme has to be http, https, socks5 or tls+socks5')
  }
  if (url.username !== '' || url.password !== '') value.asSecret()
  return text
}
