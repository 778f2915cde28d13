import type { ExecutionContext } from 'ava'
import {
  countAdded,
  Model,
  type ModelScrape,
  type ModelTarget,
  respelled,
  type ShownSeries,
  showStale,
  vanished,
} from './kernel-model.ts'
import type { Random } from './kernel-random.ts'
import { KernelRig } from './kernel-rig.ts'

/** When the first scrape of a comparison is; the others follow a second apart. */
const START_MS = 1_700_000_000_000

/** Scrapes bodies with a rig and with the model, and compares whatever can be seen of both. */
export class Comparison {
  readonly rig: KernelRig
  readonly #t: ExecutionContext
  readonly #model: Model
  #before: ModelScrape | undefined
  #timeMs = START_MS
  lines = 0

  constructor(t: ExecutionContext, target: ModelTarget) {
    this.#t = t
    this.rig = new KernelRig(t, target)
    this.#model = new Model(target)
  }

  scrape(body: string, title: string): { chunksEncoded: number } {
    this.#timeMs += 1000
    const timeMs = this.#timeMs
    const expected = this.#model.scrape(body, timeMs)
    this.lines += expected.scraped + expected.invalid
    const found = this.rig.scrape(body, timeMs)
    this.#compare(found, expected, timeMs, title)
    this.#before = expected
    return found
  }

  /** A scrape that ends before its body does. */
  giveUp(random: Random, body: string): void {
    const lines = body.split('\n')
    this.#timeMs += 1000
    this.rig.giveUp(`${lines.slice(0, random.below(lines.length + 1)).join('\n')}\n`, this.#timeMs)
  }

  #compare(found: ReturnType<KernelRig['scrape']>, expected: ModelScrape, timeMs: number, title: string): void {
    const before = this.#before
    const shown = this.rig.series()
    const different = expected.series.findIndex(
      ({ labels, sample }, index) => labels !== shown[index]?.labels || sample !== shown[index].sample,
    )
    if (different >= 0) this.#t.deepEqual(shown[different], expected.series[different], `${title}: series ${different}`)
    const { scraped, kept, invalid, added } = found.counts
    const counts = {
      series: expected.series.length,
      scraped: expected.scraped,
      kept: expected.series.length,
      invalid: expected.invalid,
      added: countAdded(before, expected),
      samples: expected.series.length,
    }
    const samples = this.rig.block.countSamples()
    const sameCounts =
      shown.length === counts.series &&
      scraped === counts.scraped &&
      kept === counts.kept &&
      invalid === counts.invalid &&
      added === counts.added &&
      samples === counts.samples
    if (!sameCounts) this.#t.deepEqual({ series: shown.length, scraped, kept, invalid, added, samples }, counts, title)
    if (before !== undefined) this.#compareMarkers(found.vanished, before, expected, timeMs, title)
  }
  /** Where two keys mean the same series, and one of them stays, a marker for the other may come or not. */
  #compareMarkers(
    found: readonly ShownSeries[],
    before: ModelScrape,
    now: ModelScrape,
    timeMs: number,
    title: string,
  ): void {
    const gone = vanished(before, now)
    if (gone.length + found.length === 0) return
    const present = new Set(now.series.map(({ labels }) => labels))
    const markers = gone.map(labels => ({ labels, sample: showStale(timeMs) }))
    const certain = found.filter(({ labels }) => !present.has(labels))
    this.#t.deepEqual(certain, markers, `${title}: stale markers`)
    const spelled = respelled(before, now)
    if (found.some(({ labels }) => spelled.has(labels))) this.#t.fail(`${title}: a marker for a series that is there`)
  }
}
