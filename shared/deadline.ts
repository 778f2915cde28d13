import { addAbortListener } from 'node:events'

/**
 * Runs something that heeds a signal: aborted after `timeoutMs`, or when `closing` is. Leaves nothing behind at either.
 *
 * @throws what `run` throws when it is aborted
 */
export async function withDeadline<T>(
  timeoutMs: number,
  closing: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  closing?.throwIfAborted()
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  const listener = closing && addAbortListener(closing, () => controller.abort(closing.reason))
  try {
    return await run(controller.signal)
  } finally {
    clearTimeout(timer)
    listener?.[Symbol.dispose]()
  }
}
