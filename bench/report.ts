import { fitLine, meansOf, median } from './measure.ts'
import type { Result } from './round.ts'

/** The agent that all others are compared with. */
export const REFERENCE = 'vmagent'

type Figure = { [K in keyof Result]: Result[K] extends number ? K : never }[keyof Result]

/** Medians of the rounds of one agent under one scenario. */
export type Row = { readonly scenario: string; readonly agent: string; readonly rounds: number } & Record<
  Figure,
  number
>

/** Sums up rounds, all of the same scenario, into one row an agent. */
export function summarise(scenario: string, results: readonly Result[]): Row[] {
  return [...Map.groupBy(results, result => result.agent)].map(([agent, rounds]) => {
    const middle = (figure: Figure) => median(rounds.map(round => round[figure]))
    return {
      scenario,
      agent,
      rounds: rounds.length,
      cpuSecondsPerMillion: middle('cpuSecondsPerMillion'),
      rssMiB: middle('rssMiB'),
      anonMiB: middle('anonMiB'),
      sharedMiB: middle('sharedMiB'),
      peakRssMiB: middle('peakRssMiB'),
      bytesPerSample: middle('bytesPerSample'),
      samplesPerSecond: middle('samplesPerSecond'),
      // A loss in any round counts, however many went well.
      lost: rounds
        .map(round => round.lost)
        .reduce((worst, lost) => (Math.abs(lost) > Math.abs(worst) ? lost : worst), 0),
      harnessCpuPerSecond: middle('harnessCpuPerSecond'),
    }
  })
}

const HEADER = [
  'scenario',
  'agent',
  'CPU-s/M samples',
  'ratio',
  'RSS MiB',
  'ratio',
  'peak MiB',
  'bytes/sample',
  'samples/s',
  'lost',
]

/** All rows as one Markdown table; ratios are those to the reference agent of the same scenario, where it ran. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(row => {
    const reference = rows.find(other => other.scenario === row.scenario && other.agent === REFERENCE)
    return [
      row.scenario,
      row.agent,
      row.cpuSecondsPerMillion.toFixed(3),
      reference ? (row.cpuSecondsPerMillion / reference.cpuSecondsPerMillion).toFixed(2) : '-',
      row.rssMiB.toFixed(0),
      reference ? (row.rssMiB / reference.rssMiB).toFixed(2) : '-',
      row.peakRssMiB.toFixed(0),
      row.bytesPerSample.toFixed(1),
      row.samplesPerSecond.toFixed(0),
      String(row.lost),
    ]
  })
  const widths = HEADER.map((title, i) => Math.max(title.length, ...cells.map(row => row[i]!.length)))
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => pad(cell, widths[i]!, i)).join(' | ')} |`
  const rule = `|${widths.map((width, i) => (i < 2 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(HEADER), rule, ...cells.map(line)].join('\n')
}

/** Names to the left, numbers to the right. */
function pad(cell: string, width: number, column: number): string {
  return column < 2 ? cell.padEnd(width) : cell.padStart(width)
}

/** Into so many parts a window is divided for its trend: an hour into minutes, each with a collection or more. */
const TREND_PARTS = 60

/** How RSS moved over the window, with two standard errors, in words. */
export function trend(result: Result): string {
  const { slope, standardError } = fitLine(meansOf(result.rss, TREND_PARTS))
  const perHour = (mibPerSecond: number) => (mibPerSecond * 3600).toFixed(2)
  return `RSS ${perHour(slope)} +- ${perHour(2 * standardError)} MiB an hour over ${result.rss.at(-1)![0].toFixed(0)} s`
}

/** What is wrong with the results of an agent that promises to lose nothing; empty if nothing is. */
export function complaints(result: Result): string[] {
  const { sink, lost } = result
  const found: string[] = []
  if (sink.scraped === 0) found.push('no sample arrived')
  if (lost > 0) found.push(`${lost} of ${sink.scraped + lost} samples are missing`)
  if (lost < 0) found.push(`${-lost} samples arrived too often`)
  if (sink.malformed > 0) found.push(`${sink.malformed} requests could not be decoded`)
  for (const fault of [
    'unsorted',
    'repeatedNames',
    'emptyLabels',
    'unnamed',
    'repeatedSamples',
    'disorderedSamples',
  ] as const) {
    if (sink[fault] > 0) found.push(`${fault}: ${sink[fault]}, such as ${sink.examples[0]}`)
  }
  return found
}
