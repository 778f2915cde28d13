/*
 * Child processes with one owner. Each gets a process group of its own, so that whatever it starts ends with it, and
 * a file for what it says.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const STOP_TIMEOUT_MS = 20_000
const POLL_MS = 50

/** A running child. `groupId` is the id of its process group, and of its first process. */
export type Child = {
  readonly name: string
  readonly groupId: number
  readonly logFile: string
  readonly process: ChildProcess
}

/** Starts children in a temporary folder, and sees to it that neither they nor the folder outlive this process. */
export class Processes {
  /** Where the children run and write; removed in the end. */
  readonly folder: string
  readonly #children = new Set<Child>()
  /** The last resort when this process ends without `close`: nothing but synchronous calls are possible then. */
  readonly #abandon = () => {
    for (const child of this.#children) signalGroup(child, 'SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
    process.on('exit', this.#abandon)
  }

  start(name: string, command: string, args: readonly string[]): Child {
    const logFile = join(this.folder, `${name}.log`)
    const log = openSync(logFile, 'a')
    // Scripts among the children must find the Node.js that runs this one.
    const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`
    const child = spawn(command, args, {
      cwd: this.folder,
      detached: true,
      env: { ...process.env, PATH: path },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    child.on('error', error => appendFileSync(logFile, `${error.message}\n`))
    const started = { name, groupId: child.pid ?? 0, logFile, process: child }
    this.#children.add(started)
    return started
  }

  /** Ends a child with SIGTERM, and with SIGKILL if it takes longer than 20 s. */
  async stop(child: Child): Promise<void> {
    if (child.process.exitCode === null && child.process.signalCode === null) {
      const exit = once(child.process, 'exit')
      signalGroup(child, 'SIGTERM')
      await Promise.race([exit, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })])
    }
    // What the child started may still be there.
    signalGroup(child, 'SIGKILL')
    this.#children.delete(child)
  }

  /** Stops all children, the one that was started last first, and removes the folder. */
  async close(): Promise<void> {
    for (const child of [...this.#children].reverse()) await this.stop(child)
    rmSync(this.folder, { recursive: true, force: true })
    process.off('exit', this.#abandon)
  }
}

function signalGroup(child: Child, signal: NodeJS.Signals): void {
  if (child.groupId === 0) return
  try {
    process.kill(-child.groupId, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The last lines that a child wrote. */
export function logTail(child: Child, lines = 20): string {
  return readFileSync(child.logFile, 'utf8').split('\n').slice(-lines).join('\n')
}

/**
 * Waits until `ask` gives something other than undefined; what it throws counts as "not yet".
 * @throws Error if the child ends, or after `timeoutMs`, with the last lines that it wrote
 */
export async function until<T>(child: Child, timeoutMs: number, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + timeoutMs
  let lastError: unknown
  while (Date.now() < deadline) {
    if (child.process.exitCode !== null || child.process.signalCode !== null) {
      throw new Error(
        `${child.name} ended with ${child.process.exitCode ?? child.process.signalCode}:\n${logTail(child)}`,
      )
    }
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (error) {
      lastError = error
    }
    await sleep(POLL_MS)
  }
  throw new Error(`${child.name} was not ready after ${timeoutMs} ms:\n${logTail(child)}`, { cause: lastError })
}

/** Waits for the `{"port":…}` with which the simulator and the sink say that they are ready, and gives the port. */
export function announcedPort(child: Child): Promise<number> {
  return until(child, 10_000, async () => {
    const line = /^\{"port":(\d+)\}$/m.exec(readFileSync(child.logFile, 'utf8'))
    return line ? Number(line[1]) : undefined
  })
}

/** A TCP port that was free a moment ago, for programs that cannot say which one they took. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
