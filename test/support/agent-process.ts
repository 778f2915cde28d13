import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'

const PENSTOCK = fileURLToPath(new URL('../../bin/penstock', import.meta.url))

/** A directory of its own for a test, removed when the test ends. */
export async function makeDirectory(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'penstock-test-'))
  t.teardown(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  return directory
}

/** A penstock process with what it wrote to stderr; killed when the test ends, if it is still there. */
export class AgentProcess {
  readonly #child: ChildProcess
  readonly #exit: Promise<number | null>
  readonly #waiting = new Set<() => void>()
  #log = ''
  #ended = false

  /** @param flags without the dash; a list repeats its flag */
  constructor(t: ExecutionContext, flags: Readonly<Record<string, string | readonly string[]>>) {
    const args = Object.entries(flags).flatMap(([name, values]) => [values].flat().map(value => `-${name}=${value}`))
    this.#child = spawn(PENSTOCK, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text
      for (const look of this.#waiting) look()
    })
    this.#exit = once(this.#child, 'close').then(([code]) => {
      this.#ended = true
      for (const look of this.#waiting) look()
      return code as number | null
    })
    t.teardown(async () => {
      this.#child.kill('SIGKILL')
      await this.#exit
      if (!t.passed) t.log(this.#log)
    })
  }

  /** What it wrote so far. */
  get log(): string {
    return this.#log
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Resolves with the exit code when the process has ended; null if a signal ended it. */
  exited(): Promise<number | null> {
    return this.#exit
  }

  /** Resolves with the match when the log has one; rejects if the process ends without. */
  logged(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(this.#log)
        if (match === null && !this.#ended) return
        this.#waiting.delete(look)
        if (match === null) reject(new Error(`the process ended and its log has no ${pattern}:\n${this.#log}`))
        else resolve(match)
      }
      this.#waiting.add(look)
      look()
    })
  }

  /** Resolves with the URL of the HTTP server when it listens; for a process that listens on 127.0.0.1. */
  async url(): Promise<string> {
    const [, port] = await this.logged(/listening for HTTP on \S+, port (\d+)/)
    return `http://127.0.0.1:${port}`
  }
}
