import { PenstockError } from '../shared/errors.ts'
import type { Agent } from './agent.ts'
import { parseCommandLine } from './cli/command-line.ts'
import { FlagError } from './cli/flag-error.ts'
import type { Flags } from './cli/flags.ts'
import { toLoggerOptions } from './cli/logger-options.ts'
import { toRelabelViews } from './cli/relabel-views.ts'
import { toScrapeOptions } from './cli/scrape-options.ts'
import { versionText } from './cli/version.ts'
import { Configuration } from './control/configuration.ts'
import { createLogger, type ScopedLog } from './control/log.ts'
import { WorkerFailed } from './control/thread.ts'

/** A thread failed while the agent ran, or a second signal did not want to wait for the end. */
const EXIT_FAILED = 1
/** The agent could not start, or the configuration is broken: what vmagent's fatal errors end with. */
const EXIT_FATAL = 255

/** The process: takes the command line, gives the exit code. What is loaded late is not needed by all commands. */
async function main(): Promise<number> {
  try {
    const command = parseCommandLine(process.argv.slice(2), process.env)
    switch (command.type) {
      case 'help':
      case 'version':
        process.stdout.write(`${command.text}\n`)
        return 0
      case 'demo':
        return await (await import('./demo/demo.ts')).runDemo(command)
      case 'run':
        return await run(command.flags)
    }
  } catch (error) {
    if (!(error instanceof FlagError)) throw error
    process.stderr.write(`penstock: ${error.message}\n`)
    return error.exitCode
  }
}

/** @throws {FlagError} */
async function run(flags: Flags): Promise<number> {
  const logger = createLogger(toLoggerOptions(flags))
  const log = logger.at('penstock/main')
  const signals = new Signals()
  logStart(flags, log)
  try {
    const env = process.env
    const sources = {
      scrapePath: flags.string('promscrape.config'),
      scrapeOptions: toScrapeOptions(flags, env),
      relabelPath: flags.string('remoteWrite.relabelConfig'),
      relabelViews: toRelabelViews(flags),
    }
    const configuration = await Configuration.load(sources, log)
    if (flags.bool('dryRun') || flags.bool('promscrape.config.dryRun')) {
      log.info('the configuration is good')
      return 0
    }
    const { startAgent } = await import('./agent.ts')
    const agent = await startAgent({ flags, env, configuration, logger })
    log.info(`started in ${(process.uptime() * 1000).toFixed()} ms`)
    return await stopInTime(agent, signals, log)
  } catch (error) {
    if (!(error instanceof PenstockError) || error instanceof FlagError) throw error
    log.fatal(error.message)
    return EXIT_FATAL
  }
}

/** Waits for what ends the agent, and ends it. */
async function stopInTime(agent: Agent, signals: Signals, log: ScopedLog): Promise<number> {
  signals.onHangUp(() => void agent.reload())
  const reason = await Promise.race([signals.stop, agent.failed])
  const failed = reason instanceof WorkerFailed
  if (failed) log.error(`stopping, because ${reason.message}${stackOf(reason.cause)}`)
  else log.info(`received ${reason}, stopping`)
  await agent.stop()
  log.info('stopped')
  return failed ? EXIT_FAILED : 0
}

function logStart(flags: Flags, log: ScopedLog): void {
  log.info(`starting ${versionText()} with Node.js ${process.version}, process ${process.pid}`)
  for (const { name, value, isSet } of flags.toMetricsAndFlagsPage()) {
    if (isSet) log.info(`flag -${name}=${JSON.stringify(value)}`)
  }
}

function stackOf(cause: unknown): string {
  return cause instanceof Error ? `: ${cause.stack}` : ''
}

/** The signals to this process, from the start: one that comes before the agent runs is neither lost nor deadly. */
class Signals {
  /** Resolves with the first signal that asks to stop; a second one ends the process at once. */
  readonly stop: Promise<NodeJS.Signals>
  #isStopping = false
  #onHangUp = () => {}

  constructor() {
    const stop = Promise.withResolvers<NodeJS.Signals>()
    this.stop = stop.promise
    const onStop = (name: NodeJS.Signals) => {
      if (this.#isStopping) process.exit(EXIT_FAILED)
      this.#isStopping = true
      stop.resolve(name)
    }
    process.on('SIGTERM', onStop).on('SIGINT', onStop)
    process.on('SIGHUP', () => this.#onHangUp())
  }

  onHangUp(listener: () => void): void {
    this.#onHangUp = listener
  }
}

process.exit(await main())
