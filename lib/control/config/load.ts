import { glob } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ConfigError } from '../../yaml/error.ts'
import { mergeLists } from '../../yaml/merge.ts'
import { parseYaml, type YamlSource } from '../../yaml/source.ts'
import { type FieldTable, fieldTable, type YamlValue } from '../../yaml/value.ts'
import { type GlobalConfig, readGlobal } from './global.ts'
import { type ReadJob, readJob } from './job.ts'
import { expandEnvironment, isHttpUrl, readText } from './read.ts'
import type { UnusableFile } from './secret-files.ts'
import type { ScrapeConfig, ScrapeOptions } from './types.ts'

const ROOT_FIELDS: FieldTable = {
  ...fieldTable('global', 'scrape_configs', 'scrape_config_files'),
  rule_files: { foreign: 'no rules are evaluated here' },
  alerting: { foreign: 'no alerts are sent from here' },
  remote_write: { foreign: 'destinations are given by -remoteWrite.url' },
  remote_read: { foreign: 'there is no storage to read from' },
  storage: { foreign: 'there is no storage' },
  tracing: { foreign: 'no traces are sent' },
  runtime: { foreign: 'there is no Go runtime to tune' },
  otlp: { foreign: 'it configures what Prometheus receives by OTLP' },
}

/** A configuration that was read, and what a user should know of it. */
export type LoadedConfig = {
  readonly config: ScrapeConfig
  /** Unknown fields of a file that is not read strictly, and the like; each names its place. */
  readonly warnings: readonly string[]
  /**
   * Jobs and files of jobs that are left out because they cannot be used. vmagent starts without them; a caller that
   * replaces a running configuration should rather keep it.
   */
  readonly skipped: readonly ConfigError[]
  /** Files with secrets and certificates that cannot be used now. Jobs that name them run as soon as they can. */
  readonly unusable: readonly UnusableFile[]
  /** The main file with the jobs of the others, variables expanded and secrets hidden. */
  readonly text: string
}

/**
 * Reads a scrape configuration and all files that it names in `scrape_config_files`.
 *
 * @param path of the file, or its http(s) URL
 * @throws {ConfigError} naming file, line and column: the file cannot be read or is not YAML, a field is unknown (if
 *   parsed strictly), not supported or of the wrong type, or two jobs have the same name
 */
export async function loadConfig(path: string, options: ScrapeOptions): Promise<LoadedConfig> {
  const source = await readYaml(path, options)
  const baseDir = isHttpUrl(path) ? '.' : dirname(path)
  const root = source.root.asMap().check(ROOT_FIELDS)
  const global = readGlobal(root.get('global'))
  const jobs = readJobs(root.get('scrape_configs'), global, options, baseDir)
  const skipped: ConfigError[] = []
  const warnings = [...source.warnings]
  const parts: YamlSource[] = []
  for (const part of await findParts(root.get('scrape_config_files'), baseDir)) {
    try {
      const partSource = await readYaml(part, options)
      jobs.push(...readJobs(partSource.root, global, options, baseDir))
      warnings.push(...partSource.warnings)
      parts.push(partSource)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      skipped.push(error)
    }
  }
  refuseDuplicates(jobs)
  for (const job of jobs) {
    warnings.push(...job.warnings)
    if (job.problems.length > 0) skipped.push(job.problems[0]!)
  }
  const config: ScrapeConfig = { jobs: jobs.flatMap(job => job.config ?? []) }
  const unusable = jobs.flatMap(job => job.unusable)
  return { config: deepFreeze(config), warnings, skipped, unusable, text: textInForce(source, parts) }
}

/** Files stay as they are, unless there are several to be made one. */
function textInForce(main: YamlSource, parts: readonly YamlSource[]): string {
  const text = main.redactedText()
  if (parts.length === 0) return text
  return mergeLists(
    text,
    'scrape_configs',
    parts.map(part => part.redactedText()),
    'scrape_config_files',
  )
}

/** @throws {ConfigError} */
async function readYaml(path: string, options: ScrapeOptions): Promise<YamlSource> {
  let text: string
  try {
    text = await readText(path)
  } catch (cause) {
    throw new ConfigError({ file: path, line: 1, column: 1 }, `cannot be read: ${(cause as Error).message}`, { cause })
  }
  return parseYaml(path, expandEnvironment(text, options.env), { strict: options.strictParse })
}

function readJobs(list: YamlValue | undefined, global: GlobalConfig, options: ScrapeOptions, baseDir: string) {
  return (list?.asList() ?? []).map(item => readJob(item, global, options, baseDir))
}

/** The files that `scrape_config_files` names: globs in order of their paths, all else as written. */
async function findParts(list: YamlValue | undefined, baseDir: string): Promise<string[]> {
  const parts: string[] = []
  for (const entry of list?.asStrings() ?? []) {
    const path = isHttpUrl(entry) ? entry : resolve(baseDir, entry)
    if (path.includes('*') && !isHttpUrl(path)) parts.push(...(await Array.fromAsync(glob(path))).sort())
    else parts.push(path)
  }
  return parts
}

function refuseDuplicates(jobs: readonly ReadJob[]): void {
  const first = new Map<string, ReadJob>()
  for (const job of jobs) {
    if (job.jobName === '') continue
    const other = first.get(job.jobName)
    if (other !== undefined) {
      const { file, line } = other.value.place
      throw job.value.error(`job_name ${JSON.stringify(job.jobName)} is taken already, at ${file}:${line}`)
    }
    first.set(job.jobName, job)
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
