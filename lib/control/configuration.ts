import type { PenstockError } from '../../shared/errors.ts'
import { type LoadedConfig, loadConfig } from './config/load.ts'
import type { ScrapeOptions } from './config/types.ts'
import type { ScopedLog } from './log.ts'
import { loadRemoteRelabelConfig, type RemoteRelabelConfig, type ViewSource } from './relabel-config.ts'
import { type Candidate, Reloadable } from './reloadable.ts'

/** Where the configuration is. An empty path means that there is none of that kind. */
export type ConfigurationSources = {
  /** `-promscrape.config` */
  readonly scrapePath: string
  readonly scrapeOptions: ScrapeOptions
  /** `-remoteWrite.relabelConfig` */
  readonly relabelPath: string
  /** `-remoteWrite.urlRelabelConfig` */
  readonly relabelViews: readonly ViewSource[]
}

/** What `Configuration.readAgain` read. */
export type Candidates = {
  readonly scrape: Candidate<LoadedConfig> | undefined
  readonly relabel: Candidate<RemoteRelabelConfig> | undefined
}

/** All configuration that may change while the agent runs. */
export class Configuration {
  readonly scrape: Reloadable<LoadedConfig> | undefined
  /** Undefined without any file of rules of remote write. */
  readonly relabel: Reloadable<RemoteRelabelConfig> | undefined

  /**
   * Reads everything for the first time. Jobs that cannot be used are logged and left out, as vmagent does.
   *
   * @throws {ConfigError} a file as a whole cannot be used
   */
  static async load(sources: ConfigurationSources, log: ScopedLog): Promise<Configuration> {
    const { scrapePath, scrapeOptions, relabelPath, relabelViews } = sources
    const readScrape = async () => {
      const loaded = await loadConfig(scrapePath, scrapeOptions)
      for (const warning of loaded.warnings) log.warn(warning)
      return loaded
    }
    const readRelabel = () => loadRemoteRelabelConfig(relabelPath, relabelViews, scrapeOptions.env)
    let scrape: Reloadable<LoadedConfig> | undefined
    let relabel: Reloadable<RemoteRelabelConfig> | undefined
    if (scrapePath !== '') {
      const loaded = await readScrape()
      for (const problem of loaded.skipped) log.error(`job left out: ${problem.message}`)
      for (const { error } of loaded.unusable) log.warn(`${error.message}; it is read again when it is needed`)
      const inForce: Reloadable<LoadedConfig> = new Reloadable(
        loaded,
        async () => refuseFaults(await readScrape(), inForce.current),
        ({ config }) => config,
      )
      scrape = inForce
    }
    if (relabelPath !== '' || relabelViews.some(({ path }) => path !== '')) {
      relabel = new Reloadable(await readRelabel(), readRelabel, rulesOf)
    }
    return new Configuration(scrape, relabel)
  }

  private constructor(
    scrape: Reloadable<LoadedConfig> | undefined,
    relabel: Reloadable<RemoteRelabelConfig> | undefined,
  ) {
    this.scrape = scrape
    this.relabel = relabel
  }

  /**
   * Reads everything again. The caller puts all of it in force and says so by `accept`.
   *
   * @throws {ConfigError} something cannot be used, even if it is only one job: jobs that run are not to vanish
   */
  async readAgain(): Promise<Candidates> {
    const [scrape, relabel] = await Promise.allSettled([this.scrape?.readAgain(), this.relabel?.readAgain()])
    if (scrape.status === 'rejected') throw scrape.reason
    if (relabel.status === 'rejected') throw relabel.reason
    return { scrape: scrape.value, relabel: relabel.value }
  }
}

function rulesOf({ all, views }: RemoteRelabelConfig): unknown {
  return [all, ...views].map(({ rules }) => rules)
}

/**
 * What a start puts up with, a reload does not: jobs that cannot be used, and files that cannot be read, unless those in
 * force suffer from them already.
 *
 * @throws {ConfigError}
 */
function refuseFaults(loaded: LoadedConfig, inForce: LoadedConfig): LoadedConfig {
  const known = new Set(inForce.unusable.map(({ path }) => path))
  const news = loaded.unusable.filter(({ path }) => !known.has(path))
  const [fault]: readonly PenstockError[] = [...loaded.skipped, ...news.map(({ error }) => error)]
  if (fault !== undefined) throw fault
  return loaded
}
