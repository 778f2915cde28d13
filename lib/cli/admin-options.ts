import type { AccessOptions, AuthKeys } from '../admin/access.ts'
import type { AdminOptions } from '../admin/server.ts'
import type { Flags } from './flags.ts'
import { toListeners } from './listeners.ts'

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
    ...toAccessOptions(flags),
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
