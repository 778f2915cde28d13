import { type FSWatcher, watch } from 'node:fs'
import { glob } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import { ConfigError } from '../../yaml/error.ts'
import { parseYaml } from '../../yaml/source.ts'
import { type FieldTable, READ } from '../../yaml/value.ts'
import { expandEnvironment, isHttpUrl, readText } from '../config/read.ts'
import { readDurationMs } from '../config/scalars.ts'
import type { ScrapeOptions } from '../config/types.ts'
import { Turns } from '../turns.ts'
import { digest, GroupMemory, readTargetGroup } from './groups.ts'
import type { Discoverer, DiscoveryConfig, DiscoveryListener, Provider, TargetGroup } from './provider.ts'

/** Editors and config map mounts write in several steps; files are read when they have been quiet for so long. */
const SETTLE_MS = 100
/** A file that was found broken may be half written: it is read once more before its targets are given up. */
const RETRY_MS = 1000

const FIELDS: FieldTable = { files: READ, refresh_interval: READ }

/** One entry of `file_sd_configs`. */
export type FileSdConfig = DiscoveryConfig & {
  readonly kind: 'file_sd_configs'
  /** Paths, globs and http(s) URLs as written. */
  readonly files: readonly string[]
  /** Directory that relative paths start from. */
  readonly baseDir: string
  readonly intervalMs: number
}

/** Targets from files that others write. */
export const fileProvider: Provider<FileSdConfig> = {
  kind: 'file_sd_configs',
  readConfig: (entry, { baseDir, options }) => {
    const map = entry.asMap().check(FIELDS)
    return {
      kind: 'file_sd_configs',
      files: map.get('files')?.asStrings() ?? [],
      baseDir,
      intervalMs: readDurationMs(map.get('refresh_interval')) || options.discoveryIntervalsMs.file_sd_configs,
    }
  },
  open: (config, { options }) => new FileDiscoverer(config, options),
}

type FileState = {
  groups: readonly TargetGroup[]
  /** What was wrong at the last reading; '' if nothing. */
  problem: string
  /** Of the text that the groups are from. */
  digest: string
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
  readonly #memory = new GroupMemory()
  /** A reading starts after the one before it. */
  readonly #readings = new Turns(() => this.#readAll())

  constructor(config: FileSdConfig, options: ScrapeOptions) {
    this.#config = config
    this.#options = options
  }

  async start(listener: DiscoveryListener): Promise<void> {
    this.#listener = listener
    this.#interval = setInterval(() => void this.#readings.next(), this.#config.intervalMs)
    this.#watchDirectories()
    await this.#readings.next()
  }

  close(): void {
    this.#listener = undefined
    clearInterval(this.#interval)
    clearTimeout(this.#soon)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #refreshIn(delayMs: number): void {
    clearTimeout(this.#soon)
    this.#soon = setTimeout(() => void this.#readings.next(), delayMs)
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
      this.#listener?.onProblem(`${state.problem}; its targets are left out`)
    }
    this.#files = files
    if (this.#listener === undefined) return
    if (isRetryDue) this.#refreshIn(Math.min(RETRY_MS, this.#config.intervalMs))
    this.#publish()
  }

  #publish(): void {
    const changed = this.#memory.update([...this.#files.values()].flatMap(state => state.groups))
    if (changed !== undefined) this.#listener?.onGroups(changed)
  }

  async #readOne(path: string): Promise<FileState> {
    const shown = this.#shownPath(path)
    try {
      const text = expandEnvironment(await readText(path), this.#options.env)
      const before = this.#files.get(path)
      if (before?.problem === '' && before.digest === digest(text)) return before
      const { root } = parseYaml(path, text, { strict: this.#options.strictParse })
      const groups = root.asList().map(entry => {
        const group = readTargetGroup(entry, 'file_sd_configs', path)
        return { ...group, labels: { ...group.labels, __meta_filepath: shown } }
      })
      return { groups, problem: '', digest: digest(text) }
    } catch (error) {
      const problem =
        error instanceof ConfigError ? error.message : `${path} cannot be read: ${(error as Error).message}`
      return { groups: [], problem, digest: '' }
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
