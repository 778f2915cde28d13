import { availableParallelism } from 'node:os'
import test from 'ava'
import { ADMIN_DEFAULTS, type AdminOptions } from '../../lib/admin/server.ts'
import { toAdminOptions } from '../../lib/cli/admin-options.ts'
import { parseCommandLine } from '../../lib/cli/command-line.ts'

const MIB = 1024 * 1024

function optionsOf(...argv: readonly string[]): AdminOptions | undefined {
  const command = parseCommandLine(argv, {})
  return command.type === 'run' ? toAdminOptions(command.flags) : undefined
}

test('the defaults of the flags are those of the server', t => {
  const { push, ...options } = ADMIN_DEFAULTS
  t.like(optionsOf(), options)
  t.is(optionsOf()!.push.queueMsMax, push.queueMsMax)
  t.is(optionsOf()!.push.concurrentMax, 2 * availableParallelism())
})

test('every flag of the server reaches it', t => {
  t.deepEqual(
    optionsOf(
      '-httpListenAddr=:1,:2',
      '-enableTCP6',
      '-metrics.exposeMetadata',
      '-http.disableCORS',
      '-http.disableKeepAlive',
      '-http.disableResponseCompression',
      '-http.header.csp=c',
      '-http.header.frameOptions=DENY',
      '-http.header.hsts=max-age=1',
      '-http.header.disableServerHostname',
      '-http.idleConnTimeout=5s',
      '-http.connTimeout=8s',
      '-http.shutdownDelay=6s',
      '-http.maxGracefulShutdownDuration=7ms',
      '-metricsAuthKey=m',
      '-reloadAuthKey=file:///r',
      '-flagsAuthKey=f',
      '-configAuthKey=c',
      '-httpAuth.username=me',
      '-httpAuth.password=file://p',
      '-maxConcurrentInserts=3',
      '-insert.maxQueueDuration=4s',
      '-memory.allowedBytes=320MiB',
    ),
    {
      listeners: [{ address: ':1' }, { address: ':2' }],
      ipv6: true,
      pathPrefix: '',
      exposeMetadata: true,
      cors: false,
      compression: false,
      keepAlive: false,
      headers: { hsts: 'max-age=1', frameOptions: 'DENY', csp: 'c', serverHostname: false },
      connTimeoutMs: 8000,
      idleTimeoutMs: 5000,
      closeDelayMs: 6000,
      closeGraceMs: 7,
      authKeys: { metrics: { value: 'm' }, reload: { file: '/r' }, flags: { value: 'f' }, config: { value: 'c' } },
      basicAuth: { username: 'me', password: { file: 'p' } },
      push: { concurrentMax: 3, queueMsMax: 4000, memoryBytesMax: 20 * MIB },
    },
  )
})

test('pushed bodies may take a share of the memory, neither too little nor too much', t => {
  t.is(optionsOf('-memory.allowedBytes=1MiB')?.push.memoryBytesMax, 8 * MIB)
  t.is(optionsOf('-memory.allowedBytes=160MiB')?.push.memoryBytesMax, 10 * MIB)
  t.true(optionsOf('-memory.allowedBytes=1000GiB')!.push.memoryBytesMax <= 128 * MIB)
})

test('an empty address means no server', t => {
  t.is(optionsOf('-httpListenAddr='), undefined)
  t.deepEqual(optionsOf('-httpListenAddr=,:1')?.listeners, [{ address: ':1' }])
})
