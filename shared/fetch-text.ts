import { withDeadline } from './deadline.ts'

/** What is read of an answer: a secret, a certificate, a token. */
const BYTES_MAX = 1 << 20

/**
 * The text at an http(s) URL.
 *
 * @param closing ends the attempt
 * @throws {Error} no answer within `timeoutMs`, a status other than 200, or more than 1 MiB
 */
export function fetchText(url: string, timeoutMs: number, closing?: AbortSignal): Promise<string> {
  return withDeadline(timeoutMs, closing, async signal => {
    const response = await fetch(url, { signal })
    if (response.status === 200) return readText(response.body)
    await response.body?.cancel()
    throw new Error(`the server answered with status ${response.status}, 200 is expected`)
  })
}

/** The whole of a body in UTF-8. @throws {Error} it has more than 1 MiB */
export async function readText(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body ?? []) {
    bytes += piece.length
    if (bytes > BYTES_MAX) throw new Error(`the answer has more than ${BYTES_MAX} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}
