import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { PenstockError } from '../../shared/errors.ts'
import type { Logger } from '../control/log.ts'
import { type AccessOptions, Gate } from './access.ts'
import { HttpCounters } from './http-counters.ts'
import { Listener } from './listener.ts'
import { renderMetrics } from './metrics.ts'
import { type AdminContext, type AdminRequest, ROUTES, type Route } from './routes.ts'
import type { AgentView } from './view.ts'

/** The flags of the HTTP server. */
export type AdminOptions = AccessOptions & {
  /** `-httpListenAddr`, such as `:8429`; at least one. */
  readonly listenAddrs: readonly string[]
  /** `-enableTCP6` */
  readonly ipv6: boolean
  /** `-http.pathPrefix`, such as `/agent`; empty for none. */
  readonly pathPrefix: string
  /** `-metrics.exposeMetadata`: HELP and TYPE lines. */
  readonly exposeMetadata: boolean
  /** Off with `-http.disableCORS`. */
  readonly cors: boolean
  /** `-http.idleConnTimeout` */
  readonly idleTimeoutMs: number
  /** `-http.shutdownDelay`: how long `/health` says 503 before the server closes. */
  readonly closeDelayMs: number
  /** `-http.maxGracefulShutdownDuration`: how long running requests may take after that. */
  readonly closeGraceMs: number
}

export const ADMIN_DEFAULTS: AdminOptions = {
  listenAddrs: [':8429'],
  ipv6: false,
  pathPrefix: '',
  exposeMetadata: false,
  cors: true,
  idleTimeoutMs: 60_000,
  closeDelayMs: 0,
  closeGraceMs: 7000,
  authKeys: {},
}

const SCOPE = 'penstock/admin'

/** Forms are small; nothing else is read. */
const FORM_BYTES_MAX = 64 * 1024

/** Pages load nothing from elsewhere and run no scripts. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

/** A penstock: two walls and the water between them. */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M1 1h5l9 14h-5z" fill="#27a"/>' +
  '<path d="M3 3h2l7 10h-2z" fill="#9df"/></svg>'

/**
 * The HTTP API and the pages of the agent. It only looks at the agent, but for `/-/reload`; without it the agent still
 * collects.
 */
export class AdminServer {
  readonly #options: AdminOptions
  readonly #logger: Logger
  readonly #gate: Gate
  readonly #counters = new HttpCounters(ROUTES.map(({ paths }) => paths[0]))
  readonly #context: AdminContext
  readonly #app: FastifyInstance
  readonly #listeners: Listener[] = []
  #closed: Promise<void> | undefined

  private constructor(options: AdminOptions, view: AgentView, logger: Logger) {
    this.#options = options
    this.#logger = logger
    this.#gate = new Gate(options)
    const httpFamilies = () => this.#counters.families(this.#listeners.map(listener => listener.counts()))
    this.#context = {
      view,
      metricsText: () => renderMetrics({ view, logger, httpFamilies }, options.exposeMetadata),
      closing: () => this.#closed !== undefined,
    }
    this.#app = fastify({
      logger: false,
      bodyLimit: FORM_BYTES_MAX,
      exposeHeadRoutes: false,
      // A URL that is no URL; everything else comes to the error handler.
      frameworkErrors: (_error, request, reply) => this.#unsupported(request, reply as FastifyReply),
    })
    this.#route()
  }

  /**
   * Listens on all addresses. The caller closes the server.
   *
   * @throws {ListenFailed} nothing listens then
   */
  static async open(options: AdminOptions, view: AgentView, logger: Logger): Promise<AdminServer> {
    const server = new AdminServer(options, view, logger)
    await server.#app.ready()
    try {
      for (const address of options.listenAddrs) await server.#listen(address)
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

  async #listen(address: string): Promise<void> {
    const options = {
      ipv6: this.#options.ipv6,
      idleTimeoutMs: this.#options.idleTimeoutMs,
      onAcceptError: (error: Error) => this.#logger.error(SCOPE, `cannot accept a connection: ${error.message}`),
    }
    const listener = await Listener.open(address, options, (request, response) => this.#app.routing(request, response))
    this.#listeners.push(listener)
    this.#logger.info(SCOPE, `listening for HTTP on ${address}, port ${listener.port}`)
  }

  async #shut(graceMs: number): Promise<void> {
    await Promise.all(this.#listeners.map(listener => listener.close(graceMs)))
    await this.#app.close()
  }

  #route(): void {
    const app = this.#app
    const hostname = os.hostname()
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    app.addHook('onRequest', async (request, reply) => {
      this.#counters.countRequest()
      reply.header('x-server-hostname', hostname).header('x-content-type-options', 'nosniff')
      if (request.method === 'OPTIONS' && this.#options.cors) return this.#preflight(reply)
    })
    app.setNotFoundHandler((request, reply) => this.#unsupported(request, reply))
    app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => this.#failed(error, request, reply))
    const prefix = normalisePrefix(this.#options.pathPrefix)
    if (prefix !== '') app.get(prefix, (_request, reply) => reply.redirect(`${prefix}/`, 302))
    for (const route of ROUTES) {
      for (const path of route.paths) {
        app.route({
          method: route.method ?? app.supportedMethods,
          url: prefix + path,
          handler: (request, reply) => this.#answer(route, request, reply),
        })
      }
    }
  }

  async #answer(route: Route, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    this.#counters.countPath(route.paths[0])
    const args = requestArgs(request)
    const { accept = '', authorization = '' } = request.headers
    const refusal = this.#gate.refusal(route.access, { authKey: args.authKey ?? '', authorization })
    if (refusal) {
      this.#counters.countError(refusal.reason)
      if (refusal.challenge) reply.header('www-authenticate', 'Basic realm="VictoriaMetrics"')
      return this.#refuse(request, reply, 401, refusal.message)
    }
    const { status, type, body } = await route.answer(this.#context, { args, accept } satisfies AdminRequest)
    if (type.startsWith('text/html')) reply.header('content-security-policy', PAGE_POLICY)
    return reply.code(status).type(type).send(body)
  }

  #preflight(reply: FastifyReply): FastifyReply {
    for (const name of ['headers', 'methods', 'origin']) reply.header(`access-control-allow-${name}`, '*')
    return reply.code(204).send()
  }

  /** Everything that is not in the table. vmagent says 400 rather than 404, except for static files. */
  #unsupported(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const path = pathOf(request)
    if (path.endsWith('/favicon.ico')) {
      return reply.header('cache-control', 'max-age=3600').type('image/svg+xml').send(ICON)
    }
    this.#counters.countError('unsupported')
    if (path.startsWith(`${normalisePrefix(this.#options.pathPrefix)}/static/`)) {
      return this.#refuse(request, reply, 404, '404 page not found')
    }
    return this.#refuse(request, reply, 400, `unsupported path requested: ${JSON.stringify(path)}`)
  }

  #failed(error: Error & { statusCode?: number }, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const status = error.statusCode ?? 500
    const path = pathOf(request)
    if (status >= 500) this.#logger.error(SCOPE, `${request.method} ${path} failed: ${error.stack ?? error.message}`)
    if (!path.includes('/api/v1/')) return this.#refuse(request, reply, status, error.message)
    const errorType = error instanceof PenstockError ? error.code : 'internal'
    return reply
      .code(status)
      .type('application/json')
      .send(JSON.stringify({ status: 'error', errorType, error: error.message }))
  }

  #refuse(request: FastifyRequest, reply: FastifyReply, status: number, message: string): FastifyReply {
    if (status < 500) {
      this.#logger.warn(
        SCOPE,
        `answered ${status} to ${request.method} ${pathOf(request)} from ${request.ip}: ${message}`,
      )
    }
    return reply.code(status).type('text/plain; charset=utf-8').send(`${message}\n`)
  }
}

/** Without the query: it may hold an authKey, which must not get into logs. */
function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0]!
}

/** `agent/` and `/agent` are the same prefix; `/` is none. */
function normalisePrefix(prefix: string): string {
  const bare = prefix.replace(/^\/+|\/+$/g, '')
  return bare === '' ? '' : `/${bare}`
}

function requestArgs(request: FastifyRequest): Record<string, string> {
  const query = new URLSearchParams(request.url.split('?', 2)[1] ?? '')
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false
  const form = new URLSearchParams(isForm && typeof request.body === 'string' ? request.body : '')
  const args: Record<string, string> = Object.create(null)
  for (const [name, value] of [...form, ...query]) args[name] ??= value
  return args
}
