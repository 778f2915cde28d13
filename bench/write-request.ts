/*
 * Reads remote write requests (version 1) as a receiver sees them, at two prices: a tally that looks at every sample
 * but at no label beyond the metric name, and a check of everything that the specification asks of labels and order.
 *
 *   WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3 }
 *   TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2; exemplars = 3; histograms = 4 }
 *   Label        { string name = 1; string value = 2 }
 *   Sample       { double value = 1; int64 timestamp = 2 }
 */

const WIRE_VARINT = 0
const WIRE_FIXED64 = 1
const WIRE_BYTES = 2
const WIRE_FIXED32 = 5

/** Field number and wire type as they stand before a field. */
const tagOf = (field: number, wireType: number) => (field << 3) | wireType
const TAG_SERIES = tagOf(1, WIRE_BYTES)
const TAG_METADATA = tagOf(3, WIRE_BYTES)
const TAG_LABEL = tagOf(1, WIRE_BYTES)
const TAG_SAMPLE = tagOf(2, WIRE_BYTES)
const TAG_NAME = tagOf(1, WIRE_BYTES)
const TAG_TEXT = tagOf(2, WIRE_BYTES)
const TAG_VALUE = tagOf(1, WIRE_FIXED64)
const TAG_TIMESTAMP = tagOf(2, WIRE_VARINT)

/** The NaN that says that a series ended: 0x7ff0000000000002, little-endian. */
const STALE_NAN = [0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f]
const METRIC_NAME = Buffer.from('__name__')
/** Names of the series that an agent adds to every scrape; no simulated series begins like these. */
const AUTO_NAMES = [Buffer.from('up'), Buffer.from('scrape_')]

/** A position in protobuf bytes. Malformed input throws a RangeError. */
class Cursor {
  readonly bytes: Uint8Array
  at: number
  readonly end: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    if (end > bytes.length) throw new RangeError(`protobuf field ends at byte ${end} of ${bytes.length}`)
    this.bytes = bytes
    this.at = start
    this.end = end
  }

  get done(): boolean {
    return this.at >= this.end
  }

  /** Exact up to 2^53; the sign of a negative int64 is lost. */
  varint(): number {
    let value = 0
    for (let scale = 1; this.at < this.end; scale *= 128) {
      const byte = this.bytes[this.at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new RangeError(`varint runs past byte ${this.end}`)
  }

  /** The bytes of a length-delimited field whose tag was just read, and moves behind them. */
  field(): Cursor {
    const length = this.varint()
    const inner = new Cursor(this.bytes, this.at, this.at + length)
    this.at += length
    return inner
  }

  skip(tag: number): void {
    const wireType = tag & 7
    if (wireType === WIRE_VARINT) this.varint()
    else if (wireType === WIRE_FIXED64) this.at += 8
    else if (wireType === WIRE_FIXED32) this.at += 4
    else if (wireType === WIRE_BYTES) this.at = this.field().end
    else throw new RangeError(`wire type ${wireType} at byte ${this.at}`)
    if (this.at > this.end) throw new RangeError(`protobuf field runs past byte ${this.end}`)
  }

  text(): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.at, this.end - this.at).toString()
  }

  startsWith(prefix: Uint8Array): boolean {
    if (this.end - this.at < prefix.length) return false
    for (let i = 0; i < prefix.length; i++) if (this.bytes[this.at + i] !== prefix[i]) return false
    return true
  }
}

/** What a request, or many, held. */
export class Tally {
  series = 0
  samples = 0
  /** Samples that are no stale markers and belong to series that a target exposed, not to those that agents add. */
  scraped = 0
  staleMarkers = 0
  metadata = 0

  /** @throws RangeError if `request`, an uncompressed WriteRequest, is malformed */
  add(request: Uint8Array): void {
    const top = new Cursor(request, 0, request.length)
    while (!top.done) {
      const tag = top.varint()
      if (tag === TAG_SERIES) {
        this.#addSeries(top.field())
      } else {
        if (tag === TAG_METADATA) this.metadata++
        top.skip(tag)
      }
    }
  }

  #addSeries(series: Cursor): void {
    let exposed = true
    this.series++
    while (!series.done) {
      const tag = series.varint()
      if (tag === TAG_SAMPLE) {
        const stale = isStale(series.field())
        this.samples++
        if (stale) this.staleMarkers++
        else if (exposed) this.scraped++
      } else if (tag === TAG_LABEL) {
        if (isAutoName(series.field())) exposed = false
      } else {
        series.skip(tag)
      }
    }
  }
}

function isStale(sample: Cursor): boolean {
  while (!sample.done) {
    const tag = sample.varint()
    if (tag === TAG_VALUE)
      return sample.bytes[sample.at + 7] === 0x7f && STALE_NAN.every((byte, i) => sample.bytes[sample.at + i] === byte)
    sample.skip(tag)
  }
  return false
}

function isAutoName(label: Cursor): boolean {
  if (label.done || label.varint() !== TAG_NAME) return false
  const name = label.field()
  if (name.end - name.at !== METRIC_NAME.length || !name.startsWith(METRIC_NAME)) return false
  if (label.done || label.varint() !== TAG_TEXT) return false
  const value = label.field()
  return AUTO_NAMES.some(auto => value.startsWith(auto) && (auto.length > 2 || value.end - value.at === auto.length))
}

/** One series of a request, decoded. */
export type DecodedSeries = {
  readonly labels: readonly { readonly name: string; readonly value: string }[]
  readonly samples: readonly { readonly value: number; readonly timestampMs: number }[]
}

/** Decodes an uncompressed WriteRequest in full. @throws RangeError if it is malformed */
export function* decodeSeries(request: Uint8Array): Generator<DecodedSeries> {
  const top = new Cursor(request, 0, request.length)
  while (!top.done) {
    const tag = top.varint()
    if (tag === TAG_SERIES) yield decodeOne(top.field())
    else top.skip(tag)
  }
}

function decodeOne(series: Cursor): DecodedSeries {
  const labels: { name: string; value: string }[] = []
  const samples: { value: number; timestampMs: number }[] = []
  while (!series.done) {
    const tag = series.varint()
    if (tag === TAG_LABEL) labels.push(decodeLabel(series.field()))
    else if (tag === TAG_SAMPLE) samples.push(decodeSample(series.field()))
    else series.skip(tag)
  }
  return { labels, samples }
}

function decodeLabel(label: Cursor): { name: string; value: string } {
  const decoded = { name: '', value: '' }
  while (!label.done) {
    const tag = label.varint()
    if (tag === TAG_NAME) decoded.name = label.field().text()
    else if (tag === TAG_TEXT) decoded.value = label.field().text()
    else label.skip(tag)
  }
  return decoded
}

function decodeSample(sample: Cursor): { value: number; timestampMs: number } {
  const decoded = { value: 0, timestampMs: 0 }
  while (!sample.done) {
    const tag = sample.varint()
    if (tag === TAG_VALUE) {
      const { buffer, byteOffset } = sample.bytes
      decoded.value = new DataView(buffer, byteOffset + sample.at, 8).getFloat64(0, true)
      sample.at += 8
    } else if (tag === TAG_TIMESTAMP) {
      decoded.timestampMs = sample.varint()
    } else {
      sample.skip(tag)
    }
  }
  return decoded
}

const EXAMPLES_MAX = 3

/** Checks what a receiver may rely on, series by series, and counts what breaks it. */
export class SeriesChecker {
  /** Series whose labels are not sorted by the bytes of their names. */
  unsorted = 0
  /** Series with a label name that stands twice. */
  repeatedNames = 0
  /** Series with an empty label name or value. */
  emptyLabels = 0
  /** Series without a metric name. */
  unnamed = 0
  /** Samples with the same timestamp as one before of the same series. */
  repeatedSamples = 0
  /** Samples that are older than one before of the same series. */
  disorderedSamples = 0
  /** A few offenders in words, for the person who has to find the cause. */
  readonly examples: string[] = []
  readonly #newestMs = new Map<string, number>()
  readonly #remembers: boolean

  /** @param remembers whether to keep every series seen, to check the order of its samples; costs memory for each */
  constructor(remembers: boolean) {
    this.#remembers = remembers
  }

  /** Distinct series seen, if they are remembered. */
  get distinct(): number {
    return this.#newestMs.size
  }

  get faults(): number {
    return (
      this.unsorted +
      this.repeatedNames +
      this.emptyLabels +
      this.unnamed +
      this.repeatedSamples +
      this.disorderedSamples
    )
  }

  /** @param request an uncompressed WriteRequest */
  check(request: Uint8Array): void {
    for (const series of decodeSeries(request)) {
      const faultsBefore = this.faults
      this.#checkLabels(series)
      if (this.#remembers) this.#checkOrder(series)
      if (this.faults > faultsBefore && this.examples.length < EXAMPLES_MAX) this.examples.push(JSON.stringify(series))
    }
  }

  #checkLabels({ labels }: DecodedSeries): void {
    const names = labels.map(label => Buffer.from(label.name))
    const orders = names.slice(1).map((name, i) => Buffer.compare(names[i]!, name))
    if (orders.some(order => order > 0)) this.unsorted++
    if (new Set(labels.map(label => label.name)).size < labels.length) this.repeatedNames++
    if (labels.some(label => label.name === '' || label.value === '')) this.emptyLabels++
    if (!labels.some(label => label.name === '__name__')) this.unnamed++
  }

  #checkOrder({ labels, samples }: DecodedSeries): void {
    // Sorted, so that a series is the same one however its labels are ordered.
    const key = JSON.stringify(labels.map(label => [label.name, label.value]).sort())
    for (const { timestampMs } of samples) {
      const newestMs = this.#newestMs.get(key) ?? Number.NEGATIVE_INFINITY
      if (timestampMs === newestMs) this.repeatedSamples++
      if (timestampMs < newestMs) this.disorderedSamples++
      else this.#newestMs.set(key, timestampMs)
    }
  }
}
