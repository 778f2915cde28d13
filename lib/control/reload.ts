import { PenstockError } from '../../shared/errors.ts'
import type { ScrapeConfig } from './config/types.ts'
import type { Configuration } from './configuration.ts'
import type { ScopedLog } from './log.ts'
import type { RemoteRelabelConfig } from './relabel-config.ts'
import { Turns } from './turns.ts'

/** What became of a reload; `message` says why the configuration from before stays in force. */
export type ReloadResult = { readonly ok: true } | { readonly ok: false; readonly message: string }

export type ReloaderOptions = {
  readonly configuration: Configuration
  /** `-promscrape.configCheckInterval`; 0 means that files are looked at on request only. */
  readonly checkIntervalMs: number
  /** Put changed configuration in force; they cannot fail. */
  readonly onScrapeConfig: (config: ScrapeConfig) => void
  readonly onRelabelConfig: (config: RemoteRelabelConfig) => void
  readonly log: ScopedLog
}

/** Puts configuration in force that has changed: on request, and regularly if wanted. */
export class Reloader {
  readonly #options: ReloaderOptions
  readonly #turns = new Turns(() => this.#reload())
  readonly #timer: NodeJS.Timeout | undefined

  constructor(options: ReloaderOptions) {
    this.#options = options
    const { checkIntervalMs } = options
    if (checkIntervalMs > 0) this.#timer = setInterval(() => this.reload(), checkIntervalMs)
  }

  /** Reads all configuration again and puts it in force, or, if any of it is broken, leaves all of it as it was. */
  reload(): Promise<ReloadResult> {
    return this.#turns.next()
  }

  /** Resolves when no reload is on; the timer starts no other. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#turns.idle()
  }

  async #reload(): Promise<ReloadResult> {
    const { configuration, onScrapeConfig, onRelabelConfig, log } = this.#options
    try {
      const { scrape, relabel } = await configuration.readAgain()
      relabel?.accept()
      scrape?.accept()
      if (relabel?.changed) onRelabelConfig(relabel.value)
      if (scrape?.changed) onScrapeConfig(scrape.value.config)
      if (scrape?.changed || relabel?.changed) log.info('the configuration has changed and is in force')
      return { ok: true }
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      log.error(`cannot reload; the configuration from before stays in force: ${error.message}`)
      return { ok: false, message: error.message }
    }
  }
}
