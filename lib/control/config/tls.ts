import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { Secret, TlsSpec, TlsVersion } from '../../../shared/http-spec.ts'
import { fieldTable, type YamlMap, type YamlValue } from '../../yaml/value.ts'
import { type JobScope, readSecret, readTextOrFile } from './secrets.ts'

const TLS_FIELDS = fieldTable(
  ...['ca', 'ca_file', 'cert', 'cert_file', 'key', 'key_file'],
  ...['server_name', 'insecure_skip_verify', 'min_version', 'max_version'],
)

const VERSIONS: Readonly<Record<string, TlsVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
}

/** Reads a `tls_config`. @throws {ConfigError} on wrong types; other faults go to `scope.problems` */
export function readTls(value: YamlValue, scope: JobScope): TlsSpec {
  const fields = value.asMap().check(TLS_FIELDS)
  const ca = readTextOrFile(fields, 'ca', scope)
  const cert = readTextOrFile(fields, 'cert', scope)
  const key = readSecret(fields, 'key', scope)
  const serverName = fields.get('server_name')?.asString()
  const minVersion = readVersion(fields, 'min_version', scope)
  const maxVersion = readVersion(fields, 'max_version', scope)
  checkCertificates(value, { ca, cert, key }, scope)
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { serverName }),
    insecureSkipVerify: fields.get('insecure_skip_verify')?.asBoolean() ?? false,
    ...(minVersion !== undefined && { minVersion }),
    ...(maxVersion !== undefined && { maxVersion }),
  }
}

function readVersion(fields: YamlMap, name: string, { problems }: JobScope): TlsVersion | undefined {
  const value = fields.get(name)
  const text = value?.asString().toUpperCase() ?? ''
  const version = Object.hasOwn(VERSIONS, text) ? VERSIONS[text] : undefined
  if (text !== '' && version === undefined) {
    problems.push(value!.error(`unknown TLS version "${text}"; known: ${Object.keys(VERSIONS).join(', ')}`))
  }
  return version
}

type Certificates = Record<'ca' | 'cert' | 'key', Secret | undefined>

/** What is given in place is checked now; all else is read when a connection opens. */
function checkCertificates(value: YamlValue, { ca, cert, key }: Certificates, { problems }: JobScope): void {
  if ((cert === undefined) !== (key === undefined)) {
    problems.push(value.error('a client certificate needs both cert and key'))
  }
  try {
    if (ca !== undefined && 'value' in ca) new X509Certificate(ca.value)
    if (cert !== undefined && 'value' in cert && key !== undefined && 'value' in key) {
      createSecureContext({ cert: cert.value, key: key.value })
    }
  } catch (cause) {
    problems.push(value.error(`not a usable certificate: ${(cause as Error).message}`, { cause }))
  }
}
