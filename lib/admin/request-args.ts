import type { FastifyRequest } from 'fastify'

/** Arguments of the query, and those of a form over them; the first of several values. */
export function requestArgs(request: FastifyRequest): Record<string, string> {
  const { url } = request
  const query = new URLSearchParams(url.slice(pathOf(request).length))
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false
  const form = new URLSearchParams(isForm && typeof request.body === 'string' ? request.body : '')
  const args: Record<string, string> = Object.create(null)
  for (const [name, value] of [...form, ...query]) args[name] ??= value
  return args
}

/** Without the query: it may hold an authKey, which must not get into logs. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0]!
}
