import type http from 'node:http'
import os from 'node:os'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { PenstockError } from '../../shared/errors.ts'
import type { ScopedLog } from '../control/log.ts'
import { type Access, type AccessOptions, Gate } from './access.ts'
import type { AdminAnswer, AdminRequest } from './answer.ts'
import { BadRequest } from './bad-request.ts'
import { compress } from './compress.ts'
import { CORS_PREFLIGHT, fixedHeaders, type HeaderOptions, ICON, pageHeaders } from './headers.ts'
import type { HttpCounters } from './http-counters.ts'
import { FORM_BYTES_MAX, UNREAD_BYTES_MAX, URL_BYTES_MAX } from './limits.ts'
import { collapseSlashes, normalisePrefix, rootOf } from './paths.ts'
import type { PushIntake } from './push/push-intake.ts'
import { registerPushes } from './push/push-routes.ts'
import { pathOf, requestArgs } from './request-args.ts'
import type { AdminContext, Route } from './routes/route.ts'
import { ROUTES } from './routes.ts'

export type AppOptions = AccessOptions &
  HeaderOptions & {
    /** `-http.pathPrefix`, such as `/agent`; empty for none. */
    readonly pathPrefix: string
    /** Off with `-http.disableCORS`. */
    readonly cors: boolean
    /** Off with `-http.disableResponseCompression`. */
    readonly compression: boolean
  }

/** What requests are counted by, and where pushed bodies go. */
export type AppParts = { readonly counters: HttpCounters; readonly intake: PushIntake }

/** What requests are answered with, whatever address they come to. */
export class AdminApp {
  readonly #options: AppOptions
  readonly #prefix: string
  readonly #context: AdminContext
  readonly #counters: HttpCounters
  readonly #intake: PushIntake
  readonly #log: ScopedLog
  readonly #gate: Gate
  readonly #app: FastifyInstance
  readonly #unreadBytesMax: number
  #unreadBytes = 0

  /** @param unreadBytesMax while more than this waits for clients to read it, only probes are answered */
  constructor(
    options: AppOptions,
    context: AdminContext,
    parts: AppParts,
    log: ScopedLog,
    unreadBytesMax = UNREAD_BYTES_MAX,
  ) {
    this.#options = options
    this.#unreadBytesMax = unreadBytesMax
    this.#prefix = normalisePrefix(options.pathPrefix)
    this.#context = context
    this.#counters = parts.counters
    this.#intake = parts.intake
    this.#log = log
    this.#gate = new Gate(options)
    this.#app = fastify({
      logger: false,
      bodyLimit: FORM_BYTES_MAX,
      exposeHeadRoutes: false,
      rewriteUrl: request => collapseSlashes(request.url!, this.#prefix, ROUTES),
      // A URL that is no URL; everything else comes to the error handler.
      frameworkErrors: (_error, request, reply) => this.#unsupported(request, reply as FastifyReply),
    })
    this.#route()
  }

  async ready(): Promise<void> {
    await this.#app.ready()
  }

  handle(request: http.IncomingMessage, response: http.ServerResponse): void {
    this.#app.routing(request, response)
  }

  async close(): Promise<void> {
    await this.#app.close()
  }

  #route(): void {
    const app = this.#app
    const headers = fixedHeaders(this.#options, os.hostname())
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    app.addHook('onRequest', async (request, reply) => {
      this.#counters.countRequest()
      reply.headers(headers)
      if (request.method === 'OPTIONS' && this.#options.cors) return reply.code(204).headers(CORS_PREFLIGHT).send()
      const urlBytes = request.originalUrl.length
      if (urlBytes > URL_BYTES_MAX) {
        const problem = `URL: ${urlBytes} bytes, at most ${URL_BYTES_MAX} are taken`
        throw new BadRequest(`${problem}; give long arguments as a form, by POST`)
      }
    })
    app.setNotFoundHandler((request, reply) => this.#unsupported(request, reply))
    app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => this.#failed(error, request, reply))
    const prefix = this.#prefix
    if (prefix !== '') app.get(prefix, (_request, reply) => reply.redirect(`${prefix}/`, 302))
    app.register(async scope =>
      registerPushes(scope, {
        prefix,
        intake: this.#intake,
        counters: this.#counters,
        turnAway: (request, reply) => this.#turnAway('basic', '', request, reply),
        refuse: (...answer) => this.#refuse(...answer),
      }),
    )
    for (const route of ROUTES) {
      for (const path of route.paths) {
        app.route({
          method: route.method ?? app.supportedMethods,
          url: prefix + path,
          onRequest: async (request, reply) => {
            // A key may come in the form; whoever needs none to pass is stopped before the body is read.
            const { access } = route
            return this.#gate.needsKey(access) ? undefined : this.#turnAway(access, '', request, reply)
          },
          handler: (request, reply) => this.#answer(route, request, reply),
        })
      }
    }
  }

  async #answer(route: Route, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    this.#counters.countPath(route.paths[0])
    const args = requestArgs(request)
    if (this.#gate.needsKey(route.access)) {
      const turnedAway = this.#turnAway(route.access, args.authKey ?? '', request, reply)
      if (turnedAway !== undefined) return turnedAway
    }
    if (this.#unreadBytes > this.#unreadBytesMax && route.access !== 'open') {
      return this.#refuse(request, reply, 503, 'too many answers wait for their clients to read them')
    }
    const { accept = '' } = request.headers
    const asked: AdminRequest = { args, accept, root: rootOf(pathOf(request), this.#prefix) }
    return this.#send(await route.answer(this.#context, asked), request, reply)
  }

  /** Answers a request that may not go on. */
  #turnAway(access: Access, authKey: string, request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
    const { authorization = '' } = request.headers
    const refusal = this.#gate.refusal(access, { authKey, authorization })
    if (refusal === undefined) return undefined
    this.#counters.countError(refusal.reason)
    if (refusal.challenge) reply.header('www-authenticate', 'Basic realm="VictoriaMetrics"')
    return this.#refuse(request, reply, 401, refusal.message)
  }

  async #send(answer: AdminAnswer, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { status, type, body } = answer
    if (type.startsWith('text/html')) reply.headers(pageHeaders(this.#options))
    const accepted = this.#options.compression ? (request.headers['accept-encoding'] ?? '') : ''
    const { bytes, encoding } = await compress(body, accepted)
    if (encoding !== undefined) reply.header('content-encoding', encoding)
    this.#unreadBytes += bytes.length
    reply.raw.once('close', () => {
      this.#unreadBytes -= bytes.length
    })
    return reply.code(status).type(type).send(bytes)
  }

  /** Everything that is not in the table. vmagent says 400 rather than 404, except for static files. */
  #unsupported(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const [path = ''] = request.originalUrl.split('?', 1)
    if (path.endsWith('/favicon.ico')) {
      return reply.header('cache-control', 'max-age=3600').type('image/svg+xml').send(ICON)
    }
    const turnedAway = this.#turnAway('basic', '', request, reply)
    if (turnedAway !== undefined) return turnedAway
    this.#counters.countError('unsupported')
    if (path.startsWith(`${this.#prefix}/static/`)) return this.#refuse(request, reply, 404, '404 page not found')
    return this.#refuse(request, reply, 400, `unsupported path requested: ${JSON.stringify(path)}`)
  }

  #failed(error: Error & { statusCode?: number }, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const status = error instanceof BadRequest ? 400 : (error.statusCode ?? 500)
    const path = pathOf(request)
    if (status >= 500) this.#log.error(`${request.method} ${path} failed: ${error.stack ?? error.message}`)
    if (!path.includes('/api/v1/')) return this.#refuse(request, reply, status, error.message)
    const errorType = error instanceof PenstockError ? error.code : 'internal'
    return reply
      .code(status)
      .type('application/json')
      .send(JSON.stringify({ status: 'error', errorType, error: error.message }))
  }

  #refuse(request: FastifyRequest, reply: FastifyReply, status: number, message: string): FastifyReply {
    if (status < 500) {
      this.#log.warn(`answered ${status} to ${request.method} ${pathOf(request)} from ${request.ip}: ${message}`)
    }
    return reply.code(status).type('text/plain; charset=utf-8').send(`${message}\n`)
  }
}
