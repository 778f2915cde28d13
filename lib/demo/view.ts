import { type Figures, missingSamples, type ShardFigures } from './figures.ts'
import { apart, bar, curve, cut, formatBytes, formatCount, formatTime, type Line, type Span } from './text.ts'
import type { WatchedSample } from './watch.ts'

/** What surrounds the figures. */
export type Frame = {
  readonly columns: number
  readonly rows: number
  /** Undefined if the demo runs until it is stopped. */
  readonly secondsMax: number | undefined
  readonly isStopping: boolean
  /** Where the agent's pages are. */
  readonly url: string
  /** The last lines of the agent's log, as they were written. */
  readonly log: readonly string[]
}

const LABEL_COLUMNS = 11
const RATE_COLUMNS = 9
const TOTAL_COLUMNS = 20
const CURVE_COLUMNS_MAX = 60
const ACCOUNT_COLUMNS = 18
const ACCOUNT_GAP = '  '
const RING_COLUMNS = 12

/** The whole screen: at most `rows` lines of at most `columns` characters. Samples get the rows that nothing else needs. */
export function renderView(figures: Figures, frame: Frame): Line[] {
  const log = frame.log.map(logLine)
  const head = [
    titleLine(figures, frame),
    [],
    ...flowLines(figures, frame.columns),
    [],
    ...memoryLines(figures, frame.columns),
    [],
    ...shardLines(figures.shards),
    [],
  ]
  const tail = log.length === 0 ? [] : [[], ...log]
  const samplesMax = Math.max(0, frame.rows - head.length - 1 - tail.length)
  const samples = figures.watched.slice(0, samplesMax).map(sample => sampleLine(sample, frame.columns))
  const received = heading('received', `${formatCount(figures.receivedSeries)} live series, among them`)
  return [...head, received, ...samples, ...tail].slice(0, frame.rows).map(line => cut(line, frame.columns))
}

/** One line for where no screen is. */
export function renderPlain(figures: Figures): string {
  const { targets, targetsUp, scraped, delivered, stencilHits, stencilMisses, memory } = figures
  return [
    `${formatTime(figures.seconds)}  ${targetsUp} of ${targets} targets up`,
    `scraped ${formatCount(scraped.perSecond)}/s`,
    `delivered ${formatCount(delivered.perSecond)}/s`,
    bytesPerSample(figures),
    `stencils ${stencilHits} hits ${stencilMisses} misses`,
    `memory ${formatBytes(memory.residentBytes)}, unaccounted ${formatBytes(memory.unaccountedBytes)}`,
  ].join('; ')
}

/** The last lines: how it went in all. */
export function renderSummary(figures: Figures): string[] {
  const { scraped, delivered, staleMarkers, seconds } = figures
  const automatic = delivered.total - scraped.total - staleMarkers
  const flow = `scraped ${formatCount(scraped.total)} samples, delivered ${formatCount(delivered.total)}`
  return [
    `${flow}, lost ${formatCount(missingSamples(figures))}; ${bytesPerSample(figures)}; ${seconds.toFixed(1)} s`,
    `delivered beside the scraped ones: ${formatCount(automatic)} automatic samples, ${formatCount(staleMarkers)} stale markers`,
  ]
}

function titleLine({ seconds, shards, targets }: Figures, frame: Frame): Line {
  const way = `  ${targets} exporters → agent with ${shards.length} shards → receiver`
  const clock =
    frame.secondsMax === undefined ? formatTime(seconds) : `${formatTime(seconds)} of ${formatTime(frame.secondsMax)}`
  const left: Line = [{ text: 'PENSTOCK', style: 'title' }, { text: way }]
  const where: Span = { text: `${frame.url}   `, style: 'label' }
  const when: Span = frame.isStopping ? { text: 'stopping', style: 'bad' } : { text: clock, style: 'title' }
  const wide = apart(left, [where, when], frame.columns)
  return wide === left ? apart(left, [when], frame.columns) : wide
}

function flowLines(figures: Figures, columns: number): Line[] {
  const { scraped, delivered, published, stencilHits, stencilMisses, targets, targetsUp } = figures
  const scrapes = stencilHits + stencilMisses
  const patched =
    scrapes === 0 ? '' : `  ${((100 * stencilHits) / scrapes).toFixed(1)} % of scrapes only patched values`
  const curveColumns = Math.min(CURVE_COLUMNS_MAX, columns - LABEL_COLUMNS - RATE_COLUMNS - TOTAL_COLUMNS - 8)
  const flow = (name: string, { perSecond, history, total }: Figures['scraped']): Line => [
    label(name),
    { text: `${formatCount(perSecond).padStart(RATE_COLUMNS)} /s  ` },
    { text: curve(history, curveColumns).padEnd(curveColumns), style: 'curve' },
    { text: `${formatCount(total)} in all`.padStart(TOTAL_COLUMNS) },
  ]
  return [
    [label('targets'), { text: `${targetsUp} of ${targets} up`, style: targetsUp === targets ? 'good' : 'bad' }],
    flow('scraped', scraped),
    flow('delivered', delivered),
    [
      label('wire'),
      { text: `${bytesPerSample(figures)}, ${formatBytes(figures.wireBytesPerSecond)}/s` },
      {
        text: `  ${formatCount(missingSamples(figures))} under way, ${formatCount(published)} published`,
        style: 'label',
      },
    ],
    [
      label('stencils'),
      { text: `${formatCount(stencilHits)} hits, ${formatCount(stencilMisses)} misses` },
      { text: patched, style: 'label' },
    ],
  ]
}

function memoryLines({ memory }: Figures, columns: number): Line[] {
  const { residentBytes, unaccountedBytes, accounts } = memory
  const cells = accounts.map(({ name, bytes }): Line => {
    const text = formatBytes(bytes).padStart(ACCOUNT_COLUMNS - name.length)
    return [{ text: name, style: 'label' }, { text: text + ACCOUNT_GAP }]
  })
  const perLineMax = Math.max(1, Math.floor((columns + ACCOUNT_GAP.length) / (ACCOUNT_COLUMNS + ACCOUNT_GAP.length)))
  const perLine = Math.ceil(cells.length / Math.ceil(cells.length / perLineMax))
  const lines = cells.flatMap((_, cell) => (cell % perLine === 0 ? [cells.slice(cell, cell + perLine).flat()] : []))
  return [
    heading('memory', `${formatBytes(residentBytes)} resident, ${formatBytes(unaccountedBytes)} unaccounted`),
    ...lines,
  ]
}

function shardLines(shards: readonly ShardFigures[]): Line[] {
  const heads = `${'targets'.padStart(9)}${'series'.padStart(9)}${'samples/s'.padStart(11)}  ${'ring'.padEnd(RING_COLUMNS + 8)}`
  return [
    [
      { text: 'shard'.padEnd(6), style: 'heading' },
      { text: `${heads}${'lag'.padStart(9)}${'heap'.padStart(11)}`, style: 'label' },
    ],
    ...shards.map((shard): Line => {
      const fill = shard.ringUsedBytes / shard.ringCapacityBytes
      return [
        { text: String(shard.shard).padStart(5).padEnd(6) },
        { text: formatCount(shard.targets).padStart(9) },
        { text: formatCount(shard.series).padStart(9) },
        { text: formatCount(shard.samplesPerSecond).padStart(11) },
        { text: `  ${bar(fill, RING_COLUMNS)}`, style: fill > 0.9 ? 'bad' : 'curve' },
        { text: `${(100 * fill).toFixed(1)} %`.padStart(8) },
        { text: `${shard.lagMaxMs.toFixed(0)} ms`.padStart(9) },
        { text: formatBytes(shard.heapBytes).padStart(11) },
      ]
    }),
  ]
}

/** Where the series is too long, its value is shown all the same. */
function sampleLine({ labels, value }: WatchedSample, columns: number): Line {
  const name = labels.find(([label]) => label === '__name__')?.[1] ?? ''
  const others = labels.filter(([label]) => label !== '__name__')
  const set = others.map(([label, text]) => `${label}=${JSON.stringify(text)}`).join(',')
  const series: Line = [{ text: `  ${name}` }, { text: `{${set}}`, style: 'label' }]
  const shown = ` ${value}`
  return [...cut(series, columns - shown.length), { text: shown, style: 'good' }]
}

/** A line of the log is time, level, scope and message, with tabs between them. */
function logLine(line: string): Line {
  const [time = '', level = '', , ...message] = line.trimEnd().split('\t')
  return [
    { text: `${time.slice(11, 19)} `, style: 'label' },
    { text: `${level} `, style: level === 'info' ? 'label' : 'bad' },
    { text: message.join(' ') },
  ]
}

function bytesPerSample(figures: Figures): string {
  return Number.isNaN(figures.bytesPerSample)
    ? 'nothing sent yet'
    : `${figures.bytesPerSample.toFixed(1)} bytes a sample`
}

function label(name: string): Span {
  return { text: name.padEnd(LABEL_COLUMNS), style: 'heading' }
}

function heading(name: string, text: string): Line {
  return [label(name), { text }]
}
