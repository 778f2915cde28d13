import { FlagError } from './flag-error.ts'

/** Suites of TLS 1.3, which are called the same everywhere and are always on, as in Go. */
const TLS13_SUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']

/** Older suites: their names in Go, which are those of IANA, and in OpenSSL. Go's others are too weak for OpenSSL. */
const OPENSSL_NAMES: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 'ECDHE-ECDSA-AES128-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: 'ECDHE-RSA-AES128-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
  TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
  TLS_RSA_WITH_AES_128_CBC_SHA256: 'AES128-SHA256',
  TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA',
  TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA',
}

/**
 * The cipher suites in OpenSSL's spelling; undefined for none, which means the good ones.
 *
 * @param names as in Go, such as `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`; case does not matter
 * @throws {FlagError} one of them is not known
 */
export function toOpenSslCiphers(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined
  const older: string[] = []
  for (const name of names) {
    const upper = name.toUpperCase()
    const openSsl = OPENSSL_NAMES[upper]
    if (openSsl !== undefined) older.push(openSsl)
    else if (!TLS13_SUITES.includes(upper)) throw new FlagError(unknownSuite(name))
  }
  return [...TLS13_SUITES, ...older].join(':')
}

function unknownSuite(name: string): string {
  const known = [...TLS13_SUITES, ...Object.keys(OPENSSL_NAMES)].join(', ')
  return `flag -tlsCipherSuites: there is no cipher suite ${JSON.stringify(name)}; known: ${known}`
}
