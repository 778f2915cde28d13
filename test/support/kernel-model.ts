import protobuf from 'protobufjs'
import snappy from 'snappy'
import type { Label } from '../../shared/target.ts'
import { keyText, type ParsedLine, parseExposition } from '../kernel/reference.ts'

/** What the model needs to know of a target. */
export type ModelTarget = {
  readonly labels: readonly Label[]
  readonly honorLabels: boolean
  readonly honorTimestamps: boolean
  /** Series with the label `drop="yes"` are dropped by a rule. */
  readonly drops: boolean
}

/** One series with its sample: `{name="value",...}`, sorted, and `bits of the value in hex @ milliseconds`. */
export type ShownSeries = { readonly labels: string; readonly sample: string }

/** What a scrape of one body must come to. */
export type ModelScrape = {
  /** In the order of the body. */
  readonly series: readonly ShownSeries[]
  readonly scraped: number
  readonly invalid: number
  /** Labels of each valid line by its key; undefined for series that a rule drops. */
  readonly keys: ReadonlyMap<string, string | undefined>
  /** The key of each valid line. */
  readonly keyOfLine: readonly string[]
}

const AUTO_NAMES: ReadonlySet<string> = new Set([
  'up',
  'scrape_samples_scraped',
  'scrape_duration_seconds',
  'scrape_series_added',
])
const REMEMBERED_LINES_MAX = 100_000

type ModelLine = { readonly key: string; readonly labels: string | undefined; readonly parsed: ParsedLine }

/** Scrapes by the reference parser: every line by itself, and nothing is kept but what a line means. */
export class Model {
  readonly #target: ModelTarget
  readonly #lines = new Map<string, ModelLine | 'invalid' | 'nothing'>()
  readonly #labelsOfKey = new Map<string, string | undefined>()

  constructor(target: ModelTarget) {
    this.#target = target
  }

  scrape(body: string, timeMs: number): ModelScrape {
    const series: ShownSeries[] = []
    const keys = new Map<string, string | undefined>()
    const keyOfLine: string[] = []
    let invalid = 0
    for (const text of body.split('\n')) {
      const line = this.#line(text)
      if (line === 'nothing') continue
      if (line === 'invalid') {
        invalid++
        continue
      }
      const { key, labels, parsed } = line
      keys.set(key, labels)
      keyOfLine.push(key)
      if (labels === undefined) continue
      const ownTime = this.#target.honorTimestamps && parsed.timeMs !== 0n
      series.push({ labels, sample: showSample(parsed.value, ownTime ? parsed.timeMs : timeMs) })
    }
    return { series, scraped: keyOfLine.length, invalid, keys, keyOfLine }
  }

  #line(text: string): ModelLine | 'invalid' | 'nothing' {
    const known = this.#lines.get(text)
    if (known !== undefined) return known
    const { lines, invalid } = parseExposition(text)
    const line = invalid > 0 ? 'invalid' : lines.length === 0 ? 'nothing' : this.#labelled(text, lines[0]!)
    if (this.#lines.size >= REMEMBERED_LINES_MAX) this.#lines.clear()
    this.#lines.set(text, line)
    return line
  }

  #labelled(text: string, parsed: ParsedLine): ModelLine {
    const key = keyText(text.replace(/\r$/, '').replace(/^[ \t]+/, ''))
    if (this.#labelsOfKey.size >= REMEMBERED_LINES_MAX) this.#labelsOfKey.clear()
    if (!this.#labelsOfKey.has(key)) this.#labelsOfKey.set(key, this.#labels(parsed))
    return { key, parsed, labels: this.#labelsOfKey.get(key) }
  }

  #labels({ name, labels }: ParsedLine): string | undefined {
    const { honorLabels, drops } = this.#target
    const isAuto = AUTO_NAMES.has(name) && labels.every(label => label.value === '') && !honorLabels
    const all = new Map([['__name__', isAuto ? `exported_${name}` : name]])
    for (const label of labels) all.set(label.name, label.value)
    for (const { name, value } of this.#target.labels) {
      if (all.has(name)) {
        if (honorLabels) continue
        give(all, `exported_${name}`, all.get(name)!)
      }
      all.set(name, value)
    }
    if (drops && all.get('drop') === 'yes') return undefined
    const kept = [...all].filter(([name, value]) => value !== '' && (name === '__name__' || !name.startsWith('__')))
    kept.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    return showLabels(kept.map(([name, value]) => ({ name, value })))
  }
}

/** Sets a label whose name may be taken: the one that has it is exported once more. */
function give(labels: Map<string, string>, name: string, value: string): void {
  const taken = labels.get(name)
  if (taken !== undefined) give(labels, `exported_${name}`, taken)
  labels.set(name, value)
}

/** For each series of `before` that `now` does not have, by its labels, these labels, in the order of `before`. */
export function vanished(before: ModelScrape, now: ModelScrape): string[] {
  const present = new Set(now.keys.values())
  return before.keyOfLine.flatMap(key => {
    const labels = before.keys.get(key)
    return labels === undefined || now.keys.has(key) || present.has(labels) ? [] : [labels]
  })
}

/** Labels that only lines have whose key is new: their series is there, however it was spelled before. */
export function respelled(before: ModelScrape, now: ModelScrape): Set<string | undefined> {
  return new Set([...now.keys].filter(([key]) => !before.keys.has(key)).map(([, labels]) => labels))
}

/** Lines of `now` whose key `before` did not have. */
export function countAdded(before: ModelScrape | undefined, now: ModelScrape): number {
  return now.keyOfLine.filter(key => !before?.keys.has(key)).length
}

/** The staleness marker at a time. */
export function showStale(timeMs: number): string {
  return `7ff0000000000002@${timeMs}`
}

const number = new DataView(new ArrayBuffer(8))

/** A sample as `decodeSeries` shows it. */
export function showSample(value: number, timeMs: bigint | number): string {
  number.setFloat64(0, value)
  // The NaN of Go, whatever NaN the host has made.
  if (Number.isNaN(value)) number.setBigUint64(0, 0x7ff8000000000001n)
  return `${hex(number.getUint32(0))}${hex(number.getUint32(4))}@${timeMs}`
}

const hex = (word: number): string => word.toString(16).padStart(8, '0')

/** Labels as `decodeSeries` shows them. */
export const showLabels = (labels: readonly Label[]): string =>
  `{${labels.map(({ name, value }) => `${name}=${JSON.stringify(value)}`).join(',')}}`

// Values as fixed64: a JavaScript number need not keep the bits of a NaN.
const WriteRequest = protobuf
  .parse(`syntax = "proto3";
    message WriteRequest { repeated TimeSeries timeseries = 1; }
    message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
    message Label { string name = 1; string value = 2; }
    message Sample { fixed64 value = 1; int64 timestamp = 2; }`)
  .root.lookupType('WriteRequest')

type Long = { readonly low: number; readonly high: number; toString(): string }
type Request = {
  readonly timeseries: readonly {
    readonly labels: readonly Label[]
    readonly samples: readonly { readonly value: Long; readonly timestamp: Long }[]
  }[]
}

/** Stencils, or pieces of some, that stand for `rawBytes` of protobuf, as one raw WriteRequest. */
export function uncompress(pieces: readonly Uint8Array[], rawBytes: number): Buffer {
  const preamble: number[] = []
  let rest = rawBytes
  for (; rest >= 0x80; rest >>>= 7) preamble.push((rest & 0x7f) | 0x80)
  preamble.push(rest)
  return snappy.uncompressSync(Buffer.concat([Uint8Array.from(preamble), ...pieces])) as Buffer
}

/** The series of a WriteRequest; one that has not exactly one sample shows it. */
export function decodeSeries(raw: Uint8Array): ShownSeries[] {
  const request = WriteRequest.decode(raw) as unknown as Request
  return request.timeseries.map(({ labels, samples }) => {
    const shown = samples.map(({ value, timestamp }) => `${hex(value.high >>> 0)}${hex(value.low >>> 0)}@${timestamp}`)
    return { labels: showLabels(labels), sample: shown.join(' and ') }
  })
}
