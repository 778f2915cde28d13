import { getEventListeners } from 'node:events'
import test from 'ava'
import { withDeadline } from '../../shared/deadline.ts'

/** Never ends by itself. */
const waitFor = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

test('what ends in time is not aborted, and nothing listens any more', async t => {
  const closing = new AbortController()
  let signal: AbortSignal | undefined
  const result = await withDeadline(60_000, closing.signal, async given => {
    signal = given
    t.is(getEventListeners(closing.signal, 'abort').length, 1)
    return 5
  })
  t.is(result, 5)
  t.is(getEventListeners(closing.signal, 'abort').length, 0)
  closing.abort()
  t.false(signal!.aborted)
})

test('what takes too long is aborted, and says so', async t => {
  await t.throwsAsync(withDeadline(10, undefined, waitFor), { message: 'no answer within 10 ms' })
})

test('closing aborts what runs, and what would begin', async t => {
  const closing = new AbortController()
  const running = withDeadline(60_000, closing.signal, waitFor)
  closing.abort(new Error('closed'))
  await t.throwsAsync(running, { message: 'closed' })
  const late = withDeadline(60_000, closing.signal, async () => t.fail('it must not begin'))
  await t.throwsAsync(late, { message: 'closed' })
})
