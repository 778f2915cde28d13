import { promisify } from 'node:util'
import { type AdminAnswer, text } from './answer.ts'
import { BadRequest } from './bad-request.ts'
import type { AgentView } from './view.ts'

/** What an answer may come to, inflated. */
const TEXT_BYTES_MAX = 64 * 2 ** 20

/**
 * What a target answers now, as text whatever it says it is: a browser must not run what a target sends.
 *
 * @throws {BadRequest} there is no such target
 */
export async function targetResponse(view: AgentView, id: string): Promise<AdminAnswer> {
  const response = await view.targetResponse(id)
  if (response === undefined) throw new BadRequest(`argument id: there is no target with the id ${JSON.stringify(id)}`)
  if (!response.ok) return text(`${response.error.message}\n`, response.error.code === 'LIMIT_EXCEEDED' ? 503 : 502)
  if (response.encoding === 'identity') return text(response.body)
  try {
    return text(await gunzip(response.body))
  } catch (error) {
    return text(`the answer cannot be inflated: ${(error as Error).message}\n`, 502)
  }
}

async function gunzip(body: Uint8Array): Promise<Uint8Array> {
  const { gunzip } = process.getBuiltinModule('node:zlib')
  return promisify(gunzip)(body, { maxOutputLength: TEXT_BYTES_MAX })
}
