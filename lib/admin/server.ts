import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger, ScopedLog } from '../control/log.ts'
import type { PushSink } from '../control/push-router.ts'
import { AdminApp, type AppOptions } from './app.ts'
import { HttpCounters } from './http-counters.ts'
import { Listener, type ListenerOptions, type ListenSpec } from './listener.ts'
import { renderMetrics } from './metrics.ts'
import { PushIntake, type PushOptions } from './push/push-intake.ts'
import { PUSH_ROUTES } from './push/push-routes.ts'
import { ROUTES } from './routes.ts'
import type { AgentView } from './view.ts'

/** The flags of the HTTP server. */
export type AdminOptions = AppOptions &
  Omit<ListenerOptions, 'onProblem'> & {
    /** `-httpListenAddr`, at least one. */
    readonly listeners: readonly ListenSpec[]
    /** `-metrics.exposeMetadata`: HELP and TYPE lines. */
    readonly exposeMetadata: boolean
    /** `-http.shutdownDelay`: how long `/health` says 503 before the server closes. */
    readonly closeDelayMs: number
    /** `-http.maxGracefulShutdownDuration`: how long running requests may take after that. */
    readonly closeGraceMs: number
    readonly push: PushOptions
  }

export const ADMIN_DEFAULTS: AdminOptions = {
  listeners: [{ address: ':8429' }],
  ipv6: false,
  pathPrefix: '',
  exposeMetadata: false,
  cors: true,
  compression: true,
  keepAlive: true,
  headers: { hsts: '', frameOptions: '', csp: '', serverHostname: true },
  idleTimeoutMs: 60_000,
  connTimeoutMs: 120_000,
  closeDelayMs: 0,
  closeGraceMs: 7000,
  push: { concurrentMax: 4, queueMsMax: 60_000, memoryBytesMax: 16 * 1024 * 1024 },
  authKeys: {},
}

/**
 * The HTTP API and the pages of the agent, and the door for pushed bodies. Else it only looks at the agent, but for
 * `/-/reload`; without it the agent still collects.
 */
export class AdminServer {
  readonly #options: AdminOptions
  readonly #log: ScopedLog
  readonly #app: AdminApp
  readonly #listeners: Listener[] = []
  #closed: Promise<void> | undefined

  private constructor(options: AdminOptions, view: AgentView, pushes: PushSink, logger: Logger) {
    this.#options = options
    this.#log = logger.at('penstock/admin')
    const counters = new HttpCounters(
      ROUTES.map(({ paths }) => paths[0]),
      PUSH_ROUTES,
    )
    const intake = new PushIntake(options.push, pushes)
    const httpFamilies = () => [
      ...counters.families(this.#listeners.map(listener => listener.counts())),
      ...intake.families(),
    ]
    const context = {
      view,
      metricsText: () => renderMetrics({ view, logger, httpFamilies }, options.exposeMetadata),
      closing: () => this.#closed !== undefined,
    }
    this.#app = new AdminApp(options, context, { counters, intake }, this.#log)
  }

  /**
   * Listens on all addresses. The caller closes the server.
   *
   * @param pushes where pushed bodies go
   * @throws {ListenFailed} nothing listens then
   */
  static async open(options: AdminOptions, view: AgentView, pushes: PushSink, logger: Logger): Promise<AdminServer> {
    const server = new AdminServer(options, view, pushes, logger)
    await server.#app.ready()
    try {
      for (const spec of options.listeners) await server.#listen(spec)
    } catch (error) {
      await server.#shut(0)
      throw error
    }
    return server
  }

  /** Ports in the order of the addresses. */
  get ports(): readonly number[] {
    return this.#listeners.map(listener => listener.port)
  }

  /** Ends after `closeDelayMs + closeGraceMs` at the latest; further calls wait for the first. */
  close(): Promise<void> {
    this.#closed ??= sleep(this.#options.closeDelayMs).then(() => this.#shut(this.#options.closeGraceMs))
    return this.#closed
  }

  async #listen(spec: ListenSpec): Promise<void> {
    const options = { ...this.#options, onProblem: (problem: string) => this.#log.error(problem) }
    const listener = await Listener.open(spec, options, (request, response) => this.#app.handle(request, response))
    this.#listeners.push(listener)
    const protocol = spec.tls === undefined ? 'HTTP' : 'HTTPS'
    this.#log.info(`listening for ${protocol} on ${spec.address}, port ${listener.port}`)
  }

  async #shut(graceMs: number): Promise<void> {
    await Promise.all(this.#listeners.map(listener => listener.close(graceMs)))
    await this.#app.close()
  }
}
