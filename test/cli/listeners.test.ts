import test from 'ava'
import { parseCommandLine } from '../../lib/cli/command-line.ts'
import { FlagError } from '../../lib/cli/flag-error.ts'
import { toListeners } from '../../lib/cli/listeners.ts'

function listenersOf(...argv: readonly string[]) {
  const command = parseCommandLine(argv, {})
  if (command.type !== 'run') throw new Error('not a command line to run')
  return toListeners(command.flags)
}

const FILES = ['-tlsCertFile=c.pem', '-tlsKeyFile=k.pem']
const TLS = { certFile: 'c.pem', keyFile: 'k.pem', minVersion: 'TLSv1.2', ciphers: undefined } as const

test('each address has its own TLS, or none', t => {
  t.deepEqual(listenersOf('-httpListenAddr=:1,:2', '-tls=false,true', ...FILES), [
    { address: ':1' },
    { address: ':2', tls: TLS },
  ])
  t.deepEqual(
    listenersOf(
      ...['-httpListenAddr=:1', '-httpListenAddr=', '-httpListenAddr=:3', '-tls=true,true,true'],
      ...['-tlsCertFile=1,2,3', '-tlsKeyFile=4,5,6', '-tlsMinVersion=TLS10,TLS11,tls13'],
    ),
    [
      { address: ':1', tls: { certFile: '1', keyFile: '4', minVersion: 'TLSv1', ciphers: undefined } },
      { address: ':3', tls: { certFile: '3', keyFile: '6', minVersion: 'TLSv1.3', ciphers: undefined } },
    ],
  )
})

test('one value holds for all addresses', t => {
  t.deepEqual(listenersOf('-httpListenAddr=:1,:2', '-tls', ...FILES), [
    { address: ':1', tls: TLS },
    { address: ':2', tls: TLS },
  ])
})

test('cipher suites have the names of Go, and those of TLS 1.3 are always on', t => {
  const ciphersOf = (text: string) => listenersOf('-tls', ...FILES, `-tlsCipherSuites=${text}`)[0]!.tls!.ciphers
  const tls13 = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256'
  t.is(
    ciphersOf('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,tls_rsa_with_aes_256_cbc_sha'),
    `${tls13}:ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA`,
  )
  t.is(ciphersOf('TLS_AES_128_GCM_SHA256'), tls13)
  t.is(ciphersOf(''), undefined)
  const unknown = { instanceOf: FlagError, message: /-tlsCipherSuites: there is no cipher suite "TLS_RSA_WITH_RC4/ }
  t.throws(() => ciphersOf('TLS_RSA_WITH_RC4_128_SHA'), unknown)
})

test('what -tls lacks is named', t => {
  for (const [argv, message] of [
    [['-tls'], /-tls needs -tlsCertFile, which is missing for -httpListenAddr 1/],
    [['-tls', '-tlsCertFile=c.pem'], /-tls needs -tlsKeyFile/],
    [['-httpListenAddr=:1,:2', '-tls', '-tlsCertFile=c,', '-tlsKeyFile=k'], /for -httpListenAddr 2/],
    [
      ['-tls', ...FILES, '-tlsMinVersion=TLS14'],
      /-tlsMinVersion: invalid value "TLS14"; it can be TLS10, TLS11, TLS12/,
    ],
  ] as const) {
    t.throws(() => listenersOf(...argv), { instanceOf: FlagError, message })
  }
})
