/** By how much a delay may exceed its plain value, so that many senders do not come back in step. */
const JITTER_RATIO = 0.1

/**
 * How long to wait before trying again: `minMs`, doubled by every failure after the first up to `maxMs`, and up to a
 * tenth more.
 *
 * @param attempt failures before this one; 0 or more
 * @param random 0 to 1, as `Math.random()` gives it
 */
export function backoffMs(attempt: number, minMs: number, maxMs: number, random: number): number {
  return withJitter(Math.min(maxMs, minMs * 2 ** attempt), random)
}

/**
 * The wait that a server asks for (RFC 9110, 10.2.3), kept within `minMs` and `maxMs`, with the same jitter as
 * `backoffMs`; never earlier than asked unless that is beyond `maxMs`.
 *
 * @param retryAfter value of the header: seconds, or an HTTP date
 * @returns undefined if the header is absent or says nothing of the future
 */
export function retryAfterMs(
  retryAfter: string | undefined,
  epochMs: number,
  minMs: number,
  maxMs: number,
  random: number,
): number | undefined {
  if (retryAfter === undefined) return undefined
  const text = retryAfter.trim()
  const askedMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - epochMs
  if (!(askedMs > 0)) return undefined
  return withJitter(Math.min(maxMs, Math.max(minMs, askedMs)), random)
}

function withJitter(delayMs: number, random: number): number {
  return delayMs * (1 + JITTER_RATIO * random)
}
