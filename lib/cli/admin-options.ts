import type { AccessOptions, AuthKeys } from '../admin/access.ts'
import type { PushOptions } from '../admin/push/push-intake.ts'
import type { AdminOptions } from '../admin/server.ts'
import { memoryBudget } from './destinations.ts'
import type { Flags } from './flags.ts'
import { toListeners } from './listeners.ts'

/** Part of the memory budget that pushed bodies in flight may take, and the least and the most that this comes to. */
const PUSH_SHARE = 1 / 16
const PUSH_BYTES_MIN = 8 * 1024 * 1024
const PUSH_BYTES_MAX = 128 * 1024 * 1024

/**
 * The options of the HTTP server; undefined if `-httpListenAddr` is empty, which means no server.
 *
 * @throws {FlagError} the flags `-tls*` are incomplete or wrong
 */
export function toAdminOptions(flags: Flags): AdminOptions | undefined {
  const listeners = toListeners(flags)
  if (listeners.length === 0) return undefined
  return {
    listeners,
    ipv6: flags.bool('enableTCP6'),
    pathPrefix: flags.string('http.pathPrefix'),
    exposeMetadata: flags.bool('metrics.exposeMetadata'),
    cors: !flags.bool('http.disableCORS'),
    compression: !flags.bool('http.disableResponseCompression'),
    keepAlive: !flags.bool('http.disableKeepAlive'),
    headers: {
      hsts: flags.string('http.header.hsts'),
      frameOptions: flags.string('http.header.frameOptions'),
      csp: flags.string('http.header.csp'),
      serverHostname: !flags.bool('http.header.disableServerHostname'),
    },
    idleTimeoutMs: flags.durationMs('http.idleConnTimeout'),
    connTimeoutMs: flags.durationMs('http.connTimeout'),
    closeDelayMs: flags.durationMs('http.shutdownDelay'),
    closeGraceMs: flags.durationMs('http.maxGracefulShutdownDuration'),
    push: toPushOptions(flags),
    ...toAccessOptions(flags),
  }
}

function toPushOptions(flags: Flags): PushOptions {
  return {
    concurrentMax: flags.int('maxConcurrentInserts'),
    queueMsMax: flags.durationMs('insert.maxQueueDuration'),
    memoryBytesMax: Math.min(Math.max(Math.floor(memoryBudget(flags) * PUSH_SHARE), PUSH_BYTES_MIN), PUSH_BYTES_MAX),
  }
}

function toAccessOptions(flags: Flags): AccessOptions {
  const username = flags.string('httpAuth.username')
  const password = flags.secret('httpAuth.password') ?? { value: '' }
  return { authKeys: toAuthKeys(flags), ...(username === '' ? {} : { basicAuth: { username, password } }) }
}

function toAuthKeys(flags: Flags): AuthKeys {
  const keys = {
    metrics: flags.secret('metricsAuthKey'),
    reload: flags.secret('reloadAuthKey'),
    flags: flags.secret('flagsAuthKey'),
    config: flags.secret('configAuthKey'),
  }
  return Object.fromEntries(Object.entries(keys).filter(([, key]) => key !== undefined))
}
