import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { PushSpec } from '../../../shared/protocol.ts'
import type { HttpCounters, PushPath } from '../http-counters.ts'
import { importStatus, type PushRequest, prometheusImport } from './prometheus-import.ts'
import type { PushIntake } from './push-intake.ts'
import { PushRefused } from './push-refused.ts'

/** Where bodies of one protocol are pushed to, with any method. */
type PushRoute = PushPath & {
  /** All forms of the path; `*` stands for any end. */
  readonly forms: readonly string[]
  /** @throws {PushRefused} */
  readonly read: (request: PushRequest) => PushSpec
  /** Of an answer to a body that was taken. */
  readonly status: (path: string) => number
}

export const PUSH_ROUTES: readonly PushRoute[] = [
  {
    path: '/api/v1/import/prometheus',
    protocol: 'prometheusimport',
    forms: ['/api/v1/import/prometheus*', '/prometheus/api/v1/import/prometheus*'],
    read: prometheusImport,
    status: importStatus,
  },
]

/** What pushes need of the server that they come to. */
export type PushServer = {
  /** Normalised `-http.pathPrefix`. */
  readonly prefix: string
  readonly intake: PushIntake
  readonly counters: HttpCounters
  /** Answers a request that may not push; else gives undefined. */
  readonly turnAway: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | undefined
  readonly refuse: (request: FastifyRequest, reply: FastifyReply, status: number, message: string) => FastifyReply
}

const RETRY_AFTER_SECONDS = 5

/** Registers all routes that bodies are pushed to, in a scope of their own. */
export function registerPushes(scope: FastifyInstance, server: PushServer): void {
  // The body is left in the request, whatever type it claims to have.
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _body, done) => done(null))
  scope.addHook('onRequest', async ({ raw }) => {
    delete raw.headers['content-type']
  })
  for (const route of PUSH_ROUTES) {
    for (const form of route.forms) {
      scope.route({
        method: scope.supportedMethods,
        url: server.prefix + form,
        handler: (request, reply) => answerPush(route, server, request, reply),
      })
    }
  }
}

async function answerPush(
  route: PushRoute,
  server: PushServer,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  server.counters.countPush(route)
  const turnedAway = server.turnAway(request, reply)
  if (turnedAway !== undefined) return turnedAway
  const [url, query] = splitUrl(request.url.slice(server.prefix.length))
  const path = decodeURIComponent(url)
  try {
    const encoding = request.headers['content-encoding'] ?? ''
    const spec = route.read({ path, query: new URLSearchParams(query), encoding, client: request.ip })
    await takeBody(server.intake, spec, request, reply)
    return reply.code(route.status(path)).send()
  } catch (error) {
    server.counters.countPushError(route)
    // Nobody is left to answer to.
    if (reply.raw.destroyed) return reply.send()
    // The rest of the body is read and forgotten, so that the client gets to the answer.
    request.raw.resume()
    if (!(error instanceof PushRefused)) throw error
    if (error.retryable) reply.header('retry-after', RETRY_AFTER_SECONDS)
    return server.refuse(request, reply, error.status, error.message)
  }
}

async function takeBody(
  intake: PushIntake,
  spec: PushSpec,
  { raw, headers }: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const length = headers['content-length']
  await intake.take({
    spec,
    // Giving up on a body must not take the connection away that the answer goes over.
    body: raw.iterator({ destroyOnReturn: false }),
    sizeBytes: length === undefined ? undefined : Number(length),
    onOver: listener => reply.raw.once('close', listener),
  })
}

function splitUrl(url: string): [path: string, query: string] {
  const mark = url.indexOf('?')
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)]
}
