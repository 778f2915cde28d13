import type { SecureVersion } from 'node:tls'
import type { ListenSpec } from '../admin/listener.ts'
import type { ServerTls } from '../admin/server-certificate.ts'
import { FlagError } from './flag-error.ts'
import type { Flags } from './flags.ts'
import { toOpenSslCiphers } from './tls-ciphers.ts'

const TLS_VERSIONS: Readonly<Record<string, SecureVersion>> = {
  '': 'TLSv1.2',
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
}

/**
 * The addresses that the HTTP server listens on; none if `-httpListenAddr` is empty. Item i of the flags `-tls*` belongs
 * to address i, a single item to all.
 *
 * @throws {FlagError} the flags `-tls*` are incomplete or wrong
 */
export function toListeners(flags: Flags): readonly ListenSpec[] {
  const specs = flags.strings('httpListenAddr').map((address, index): ListenSpec => {
    return flags.boolForUrl('tls', index) ? { address, tls: toServerTls(flags, index) } : { address }
  })
  return specs.filter(({ address }) => address !== '')
}

function toServerTls(flags: Flags, index: number): ServerTls {
  const version = flags.stringForUrl('tlsMinVersion', index)
  const minVersion = TLS_VERSIONS[version.toUpperCase()]
  if (minVersion === undefined) {
    const known = Object.keys(TLS_VERSIONS).filter(name => name !== '')
    throw new FlagError(`flag -tlsMinVersion: invalid value ${JSON.stringify(version)}; it can be ${known.join(', ')}`)
  }
  return {
    certFile: fileOf(flags, 'tlsCertFile', index),
    keyFile: fileOf(flags, 'tlsKeyFile', index),
    minVersion,
    ciphers: toOpenSslCiphers(flags.strings('tlsCipherSuites').filter(name => name !== '')),
  }
}

function fileOf(flags: Flags, name: 'tlsCertFile' | 'tlsKeyFile', index: number): string {
  const file = flags.stringForUrl(name, index)
  if (file === '') throw new FlagError(`flag -tls needs -${name}, which is missing for -httpListenAddr ${index + 1}`)
  return file
}
