/*
 * Measures agents against each other. `node bench/run.ts --help` says how; bench/README.md says what.
 */
import { writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { peerPath } from './peers.ts'
import { complaints, type Row, summarise, table, trend } from './report.ts'
import { type Agent, type Result, runRound } from './round.ts'
import { SCENARIOS, type Scenario, type ScenarioName, SMOKE } from './scenarios.ts'

const HELP = `node bench/run.ts [options]
  --scenario NAMES      comma-separated, or "all" (without soak); default steady
                        ${Object.keys(SCENARIOS).join(', ')}
  --agents NAMES        penstock, vmagent; default both, alternating
  --runs N              rounds of each agent; the table shows medians; default 3
  --window SECONDS      time over which CPU, RSS and samples are measured
  --warmup SECONDS      time between the first sample and the window
  --minutes M           length of the window of soak
  --targets N           --series N           --churn FRACTION
  --penstock PATH       another penstock; default bin/penstock
  --penstock-flag FLAG  a further flag for penstock, may be repeated; --vmagent-flag likewise
  --decode MODE         sampled (default) or full: check labels in every request; costs CPU and memory
  --smoke               a few seconds of a tiny load, penstock only; fails if anything is lost or wrong
  --json FILE           all rounds with all figures`

function parse() {
  return parseArgs({
    options: {
      scenario: { type: 'string', default: 'steady' },
      agents: { type: 'string' },
      runs: { type: 'string' },
      window: { type: 'string' },
      warmup: { type: 'string' },
      minutes: { type: 'string' },
      targets: { type: 'string' },
      series: { type: 'string' },
      churn: { type: 'string' },
      penstock: { type: 'string', default: join(import.meta.dirname, '../bin/penstock') },
      'penstock-flag': { type: 'string', multiple: true, default: [] },
      'vmagent-flag': { type: 'string', multiple: true, default: [] },
      decode: { type: 'string', default: 'sampled' },
      smoke: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  }).values
}
type Options = ReturnType<typeof parse>

/** A number from the command line, or `fallback` if the option is absent. @throws Error if it is none */
function numberOf(
  options: Options,
  name: 'runs' | 'window' | 'warmup' | 'targets' | 'series' | 'churn' | 'minutes',
  fallback: number,
) {
  const text = options[name]
  if (text === undefined) return fallback
  const value = Number(text)
  if (text === '' || !(value >= 0)) throw new Error(`--${name} is '${text}'; it must be a number, 0 or more`)
  return value
}

function agentsOf(options: Options): Agent[] {
  const known: Record<string, Agent> = {
    penstock: { name: 'penstock', command: options.penstock, flags: options['penstock-flag'] },
    vmagent: { name: 'vmagent', command: peerPath('vmagent'), flags: options['vmagent-flag'] },
  }
  const names = options.agents ?? (options.smoke ? 'penstock' : 'penstock,vmagent')
  return names.split(',').map(name => {
    const agent = known[name]
    if (agent === undefined) throw new Error(`--agents names '${name}'; known are ${Object.keys(known).join(', ')}`)
    return agent
  })
}

function scenariosOf(options: Options): Map<string, Scenario> {
  if (options.smoke) return new Map([['smoke', adjusted(SMOKE, options)]])
  const all = Object.keys(SCENARIOS).filter(name => name !== 'soak')
  const names = options.scenario === 'all' ? all : options.scenario.split(',')
  return new Map(
    names.map(name => {
      if (!Object.hasOwn(SCENARIOS, name)) {
        throw new Error(`--scenario names '${name}'; known are ${Object.keys(SCENARIOS).join(', ')}`)
      }
      return [name, adjusted(SCENARIOS[name as ScenarioName], options)]
    }),
  )
}

function adjusted(scenario: Scenario, options: Options): Scenario {
  const windowSeconds = numberOf(options, 'window', scenario.windowSeconds)
  return {
    ...scenario,
    targets: numberOf(options, 'targets', scenario.targets),
    series: numberOf(options, 'series', scenario.series),
    churn: numberOf(options, 'churn', scenario.churn),
    warmupSeconds: numberOf(options, 'warmup', scenario.warmupSeconds),
    windowSeconds: options.minutes === undefined ? windowSeconds : numberOf(options, 'minutes', 0) * 60,
  }
}

async function measure(name: string, scenario: Scenario, options: Options): Promise<Result[]> {
  const decode = options.smoke ? 'full' : options.decode
  if (decode !== 'full' && decode !== 'sampled') throw new Error(`--decode is '${decode}'; it must be sampled or full`)
  const rounds = numberOf(options, 'runs', options.smoke || name === 'soak' ? 1 : 3)
  const results: Result[] = []
  for (let round = 1; round <= rounds; round++) {
    for (const agent of agentsOf(options)) {
      const result = await runRound({ scenario, agent, decode })
      results.push(result)
      say(`${name} ${round}/${rounds} ${agent.name}: ${figures(result)}`)
      if (name === 'soak') say(`  ${trend(result)}`)
      for (const [counter, value] of Object.entries(result.lossCounters)) say(`  ${counter} ${value}`)
    }
  }
  return results
}

function figures(result: Result): string {
  const { cpuSecondsPerMillion, rssMiB, samplesPerSecond, lost, sink, harnessCpuPerSecond } = result
  return [
    `${cpuSecondsPerMillion.toFixed(3)} CPU-s/M`,
    `${rssMiB.toFixed(0)} MiB`,
    `${samplesPerSecond.toFixed(0)} samples/s`,
    `lost ${lost}`,
    `label and order faults ${sink.faults} in ${sink.checked} of ${sink.requests} requests`,
    `harness ${harnessCpuPerSecond.toFixed(2)} CPU`,
  ].join(', ')
}

/** Progress goes to standard error, so that standard output holds the table alone. */
function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

async function main(): Promise<void> {
  const options = parse()
  if (options.help) {
    console.log(HELP)
    return
  }
  // Exit handlers end all children.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  const rows: Row[] = []
  const rounds: Record<string, Result[]> = {}
  for (const [name, scenario] of scenariosOf(options)) {
    const results = await measure(name, scenario, options)
    rounds[name] = results
    rows.push(...summarise(name, results))
  }
  console.log(table(rows))
  if (options.json !== undefined) {
    const machine = { cpu: cpus()[0]?.model, cores: cpus().length, memoryBytes: totalmem(), kernel: release() }
    writeFileSync(options.json, `${JSON.stringify({ machine, node: process.version, rows, rounds }, null, 2)}\n`)
  }
  if (options.smoke) {
    for (const complaint of Object.values(rounds).flat().flatMap(complaints)) {
      say(`wrong: ${complaint}`)
      process.exitCode = 1
    }
  }
}

await main()
