import { setTimeout as sleep } from 'node:timers/promises'
import { type ResourceLimits, Worker } from 'node:worker_threads'
import { PenstockError } from '../../shared/errors.ts'
import { type Handlers, listen, send } from '../../shared/protocol.ts'

/** A thread ended, or said that it must, although nobody asked it to. */
export class WorkerFailed extends PenstockError {
  override readonly name = 'WorkerFailed'
  readonly code = 'WORKER_FAILED'

  constructor(thread: string, reason: string, cause?: unknown) {
    super(`${thread} failed: ${reason}`, { cause })
  }
}

type Tagged = { readonly type: string }

export type ThreadOptions<From extends Tagged> = {
  /** The worker file. */
  readonly entry: URL
  /** For people: `shard 3`. */
  readonly name: string
  readonly resourceLimits: ResourceLimits
  /** `ready` and `stopped` have to call `isReady` and `hasStopped`. */
  readonly handlers: Handlers<From>
  /** Called at most once, when the thread fails after it was ready and before it is asked to stop. */
  readonly onFailure: (error: WorkerFailed) => void
}

/** What a thread may take on top of its grace to say that it has stopped, and then once more to end. */
const STOP_MARGIN_MS = 1000

/** One worker thread from its start to its end: starting → ready → stopping → ended. */
export class Thread<To extends Tagged, From extends Tagged> {
  readonly name: string
  readonly #worker: Worker
  readonly #onFailure: (error: WorkerFailed) => void
  readonly #ready = Promise.withResolvers<void>()
  readonly #stopped = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<void>()
  #state: 'starting' | 'ready' | 'failed' | 'stopping' = 'starting'

  constructor(options: ThreadOptions<From>) {
    this.name = options.name
    this.#onFailure = options.onFailure
    this.#ready.promise.catch(() => {}) // whoever waits for it sees the error; nobody has to
    this.#worker = new Worker(options.entry, {
      name: options.name,
      execArgv: [],
      resourceLimits: options.resourceLimits,
    })
    listen<From>(this.#worker, options.handlers)
    this.#worker.on('error', error => this.fail(messageOf(error), error))
    this.#worker.once('exit', code => {
      this.#ended.resolve()
      this.fail(`the thread ended by itself with code ${code}`)
    })
  }

  /** To a thread that has ended it is lost. Memory in `transfer` goes with it. */
  send(message: To, transfer: ArrayBuffer[] = []): void {
    send<To>(this.#worker, message, transfer)
  }

  /**
   * Resolves when `isReady` was called.
   *
   * @throws {WorkerFailed} the thread failed before, or took longer than `timeoutMs`
   */
  async ready(timeoutMs: number): Promise<void> {
    if (!(await within(timeoutMs, this.#ready.promise))) this.fail(`not ready after ${timeoutMs} ms`)
    await this.#ready.promise
  }

  /** The thread told that it is at work. */
  isReady(): void {
    if (this.#state === 'starting') this.#state = 'ready'
    this.#ready.resolve()
  }

  /** The thread told that it has stopped. */
  hasStopped(): void {
    this.#stopped.resolve()
  }

  /** Marks the thread as failed; a thread that is stopping, or has failed, cannot. */
  fail(reason: string, cause?: unknown): void {
    const error = new WorkerFailed(this.name, reason, cause)
    if (this.#state === 'ready') this.#onFailure(error)
    if (this.#state === 'starting') this.#ready.reject(error)
    if (this.#state !== 'stopping') this.#state = 'failed'
  }

  /**
   * Asks the thread to stop and waits until it has ended; ends it by force when it takes too long. For a thread that
   * has ended already there is nothing to do.
   *
   * @param graceMs what `message` allows it
   * @returns whether it stopped by itself
   */
  async stop(message: To, graceMs: number): Promise<boolean> {
    this.#state = 'stopping'
    this.send(message)
    const stopped = await within(graceMs + STOP_MARGIN_MS, Promise.race([this.#stopped.promise, this.#ended.promise]))
    const ended = stopped && (await within(STOP_MARGIN_MS, this.#ended.promise))
    if (!ended) await this.kill()
    return ended
  }

  /** Ends the thread at once. */
  async kill(): Promise<void> {
    this.#state = 'stopping'
    await this.#worker.terminate()
  }
}

/** A thread may throw anything. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Whether `event` comes to pass within `timeoutMs`. */
async function within(timeoutMs: number, event: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController()
  const timeout = sleep(timeoutMs, false, { signal: timer.signal })
  try {
    return await Promise.race([event.then(() => true), timeout])
  } finally {
    timer.abort()
  }
}
