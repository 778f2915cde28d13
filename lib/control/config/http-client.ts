import type { HttpSpec, ProxySpec } from '../../../shared/http-spec.ts'
import { type FieldTable, fieldTable, type YamlMap } from '../../yaml/value.ts'
import { authFields, readAuth } from './auth.ts'
import { readHeaders, readHttpHeaders } from './headers.ts'
import { checkProxyFields, OAUTH2_PROXY_FIELDS, readPlainProxy } from './proxy.ts'
import { checkFiles } from './secret-files.ts'
import type { JobScope } from './secrets.ts'
import { readTls } from './tls.ts'

export type { JobScope } from './secrets.ts'

const PROXY_FIELDS = [...authFields('proxy_'), 'proxy_tls_config', 'proxy_headers']

/** Fields of a map that says how to talk HTTP; they stand among the other fields of a job. */
export const HTTP_CLIENT_FIELDS: FieldTable = {
  ...fieldTable(...authFields(''), 'tls_config', 'headers', 'http_headers', 'follow_redirects', 'enable_http2'),
  ...fieldTable(...PROXY_FIELDS),
  ...OAUTH2_PROXY_FIELDS,
}

/** @throws {ConfigError} on wrong types; other faults go to `scope.problems` */
export function readHttpClient(map: YamlMap, scope: JobScope): HttpSpec {
  checkFiles(map, scope)
  checkProxyFields(map)
  // HTTP/2 is what Prometheus may use, and need not: HTTP/1.1 does, whatever this says.
  map.get('enable_http2')?.asBoolean()
  const auth = readAuth(map, scope)
  const tls = map.get('tls_config')
  const proxy = readProxy(map, scope)
  const { headers, secretHeaders } = readHttpHeaders(map.get('http_headers'), scope)
  return {
    ...(auth !== undefined && { auth }),
    ...(tls !== undefined && { tls: readTls(tls, scope) }),
    headers: [...headers, ...readHeaders(map.get('headers'), scope)],
    ...(secretHeaders.length > 0 && { secretHeaders }),
    ...(proxy !== undefined && { proxy }),
  }
}

function readProxy(map: YamlMap, scope: JobScope): ProxySpec | undefined {
  const auth = readAuth(map, scope, 'proxy_')
  const tls = map.get('proxy_tls_config')
  const tlsSpec = tls && readTls(tls, scope)
  const proxy = readPlainProxy(map, scope)
  if (proxy === undefined) {
    for (const field of PROXY_FIELDS) {
      const value = map.get(field)
      if (value !== undefined) scope.warnings.push(value.error('without proxy_url it means nothing').message)
    }
    return undefined
  }
  return { ...proxy, ...(auth !== undefined && { auth }), ...(tlsSpec !== undefined && { tls: tlsSpec }) }
}
