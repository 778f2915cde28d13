import { type FSWatcher, watch } from 'node:fs'
import { glob } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import { hashToHex, xxhash64 } from '../../../shared/xxhash64.ts'
import { ConfigError } from '../../yaml/error.ts'
import { parseYaml } from '../../yaml/source.ts'
import { readTargetGroups } from '../config/groups.ts'
import { expandEnvironment, isHttpUrl, readText } from '../config/read.ts'
import type { FileSdConfig, ScrapeOptions } from '../config/types.ts'
import type { Discoverer, DiscoveryListener, TargetGroup } from './discoverer.ts'

/** Editors and config map mounts write in several steps; files are read when they have been quiet for so long. */
const SETTLE_MS = 100
/** A file that was found broken may be half written: it is read once more before its targets are given up. */
const RETRY_MS = 1000

type FileState = {
  groups: readonly TargetGroup[]
  /** What was wrong at the last reading; '' if nothing. */
  problem: string
  isReported: boolean
}

/**
 * Targets from YAML or JSON files. They are read at every interval, and soon after a change that the file system tells
 * of. A file that is gone or stays broken loses its targets, as with vmagent.
 */
export class FileDiscoverer implements Discoverer {
  readonly #config: FileSdConfig
  readonly #options: ScrapeOptions
  #files = new Map<string, FileState>()
  readonly #watchers = new Map<string, FSWatcher>()
  #interval: NodeJS.Timeout | undefined
  #soon: NodeJS.Timeout | undefined
  #listener: DiscoveryListener | undefined
  /** Hash of the groups that were last told. */
  #published = ''
  /** The reading in progress; the next one starts after it. */
  #reading: Promise<void> = Promise.resolve()

  constructor(config: FileSdConfig, options: ScrapeOptions) {
    this.#config = config
    this.#options = options
  }

  async start(listener: DiscoveryListener): Promise<void> {
    this.#listener = listener
    this.#interval = setInterval(() => this.#refresh(), this.#config.checkIntervalMs)
    this.#watchDirectories()
    await this.#refresh()
  }

  close(): void {
    this.#listener = undefined
    clearInterval(this.#interval)
    clearTimeout(this.#soon)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #refresh(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#readAll())
    return this.#reading
  }

  #refreshIn(delayMs: number): void {
    clearTimeout(this.#soon)
    this.#soon = setTimeout(() => this.#refresh(), delayMs)
  }

  async #readAll(): Promise<void> {
    this.#watchDirectories()
    const files = new Map<string, FileState>()
    let isRetryDue = false
    for (const path of await this.#findFiles()) {
      const state = await this.#readOne(path)
      files.set(path, state)
      if (state.problem === '') continue
      const before = this.#files.get(path)
      if (before?.problem === '') {
        state.groups = before.groups
        isRetryDue = true
        continue
      }
      const isKnown = before?.isReported && before.problem === state.problem
      if (!isKnown) this.#listener?.onProblem(`${state.problem}; its targets are left out`)
      state.isReported = true
    }
    this.#files = files
    if (this.#listener === undefined) return
    if (isRetryDue) this.#refreshIn(Math.min(RETRY_MS, this.#config.checkIntervalMs))
    this.#publish()
  }

  #publish(): void {
    const groups = [...this.#files.values()].flatMap(state => state.groups)
    const hash = hashToHex(xxhash64(JSON.stringify(groups)))
    if (hash === this.#published) return
    this.#published = hash
    this.#listener?.onGroups(groups)
  }

  async #readOne(path: string): Promise<FileState> {
    const shown = this.#shownPath(path)
    try {
      const text = expandEnvironment(await readText(path), this.#options.env)
      const { root } = parseYaml(path, text, { strict: this.#options.strictParse })
      const groups = readTargetGroups(root, 'file_sd_configs', path)
      const withPath = groups.map(group => ({ ...group, labels: { ...group.labels, __meta_filepath: shown } }))
      return { groups: withPath, problem: '', isReported: false }
    } catch (error) {
      const problem =
        error instanceof ConfigError ? error.message : `${path} cannot be read: ${(error as Error).message}`
      return { groups: [], problem, isReported: false }
    }
  }

  async #findFiles(): Promise<string[]> {
    const paths: string[] = []
    for (const file of this.#config.files) {
      const path = this.#absolute(file)
      if (isHttpUrl(path) || !path.includes('*')) {
        paths.push(path)
        continue
      }
      try {
        paths.push(...(await Array.fromAsync(glob(path))).sort())
      } catch (error) {
        this.#listener?.onProblem(`${path} cannot be searched for files: ${(error as Error).message}`)
      }
    }
    return [...new Set(paths)]
  }

  /** Watches what exists of the directories; the interval sees to the rest. */
  #watchDirectories(): void {
    if (this.#listener === undefined) return
    for (const file of this.#config.files) {
      if (isHttpUrl(file)) continue
      const directory = dirname(this.#absolute(file).replace(/\*.*$/s, '*'))
      if (this.#watchers.has(directory)) continue
      try {
        const watcher = watch(directory, () => this.#refreshIn(SETTLE_MS))
        watcher.on('error', () => this.#unwatch(directory))
        this.#watchers.set(directory, watcher)
      } catch {
        // The directory does not exist yet, or the system has no watches left: tried again at the next interval.
      }
    }
  }

  #unwatch(directory: string): void {
    this.#watchers.get(directory)?.close()
    this.#watchers.delete(directory)
  }

  #absolute(file: string): string {
    return isHttpUrl(file) ? file : resolve(this.#config.baseDir, file)
  }

  /** Relative to the directory of the configuration, if the file is in it. */
  #shownPath(path: string): string {
    if (isHttpUrl(path)) return path
    const shown = relative(resolve(this.#config.baseDir), path)
    return shown === '..' || shown.startsWith(`..${sep}`) ? path : shown
  }
}
