import assert from 'node:assert'
import {
  CHUNK_FULL,
  FLAG_ALWAYS_LEARN,
  FLAG_HONOR_TIMESTAMPS,
  FLAG_WIDE_TIME,
  LEARN_AT,
  LEARN_BYTES,
  LEARN_INVALID,
  LEARN_UNSENT,
  LEARN_UNSENT_BY_VIEW,
  LOOKUP_NEW,
  OUT_AT,
  STATE_BODY_END,
  STATE_BODY_POS,
  STATE_FLAGS,
  STATE_INVALID,
  STATE_OLD_CURSOR,
  STATE_OLD_ENTRIES,
  TIME6_END,
  TIME6_FIRST,
  WINDOW_AT,
  WINDOW_BYTES,
} from '../../../kernel/layout.ts'
import type { DroppedCounts } from '../dropped-counts.ts'
import type { Kernel, KernelHost } from '../kernel.ts'
import { compressChunk } from '../kernel-chunk.ts'
import { encodeLabels } from '../learn/encode-series.ts'
import { parseKey } from '../learn/parse-key.ts'
import type { PushLabeler } from '../learn/push-labels.ts'
import type { RemoteLabeler, RemoteView } from '../learn/remote-labels.ts'
import type { Publisher } from '../publish.ts'
import { clearCounts, readCounts } from '../round-counts.ts'
import { storeTargetLabels } from '../target-labels.ts'

const LF = 0x0a

/** How lines were read: those that are valid, whether they are sent or not, and those that are not. */
export type TextCounts = { readonly rows: number; readonly invalid: number }

/** How series get their labels. */
export type PushLabels = { readonly own: PushLabeler; readonly remote: RemoteLabeler }

/**
 * Takes pushed text in the exposition format through the kernel, as if it were the body of a target that is not known, and
 * publishes its samples, once for each view: the grammar is that of scrapes, and what a line costs too. Nothing is kept of
 * a push.
 */
export class TextSamples implements KernelHost {
  readonly #kernel: Kernel
  readonly #publisher: Publisher
  readonly #dropped: DroppedCounts
  #labels!: PushLabels
  #view!: RemoteView
  #droppedForAll = 0
  #droppedByView = 0

  constructor(kernel: Kernel, publisher: Publisher, dropped: DroppedCounts) {
    this.#kernel = kernel
    this.#publisher = publisher
    this.#dropped = dropped
  }

  /**
   * Copies whole lines to where the kernel reads them.
   *
   * @param lines pieces that are joined without anything between; together no more than a window
   * @returns them in kernel memory, good until the kernel gets other work
   */
  load(lines: readonly Uint8Array[]): Uint8Array {
    let end = WINDOW_AT
    for (const piece of lines) {
      assert(end + piece.length <= WINDOW_AT + WINDOW_BYTES, 'pushed lines do not fit into the window')
      this.#kernel.bytes.set(piece, end)
      end += piece.length
    }
    return this.#kernel.bytes.subarray(WINDOW_AT, end)
  }

  /**
   * Publishes the samples of lines that were loaded. The kernel must be free until the promise resolves.
   *
   * @param timeMs of samples without a timestamp of their own; 1 or more
   */
  async publish(lines: Uint8Array, timeMs: number, labels: PushLabels): Promise<TextCounts> {
    for (const view of labels.remote.views) {
      this.#begin(lines, timeMs, labels, view)
      await this.#publishChunks(view.destinations)
      this.#dropped.addFor(view.destinations, this.#droppedByView)
    }
    // The same in every view.
    this.#dropped.addForAll(this.#droppedForAll)
    const { scraped, invalid } = readCounts(this.#kernel)
    return { rows: scraped, invalid }
  }

  /** The first of loaded lines that is not valid, for people; '' if all are. Publishes nothing. */
  firstInvalid(lines: Uint8Array, timeMs: number, labels: PushLabels): string {
    for (let start = 0; start < lines.length; ) {
      const end = lines.indexOf(LF, start) + 1
      const line = lines.subarray(start, end)
      this.#begin(line, timeMs, labels, labels.remote.views[0]!)
      this.#kernel.exports.rebuild()
      if (this.#kernel.get(STATE_INVALID) > 0) return Buffer.from(line.subarray(0, -1)).toString()
      start = end
    }
    return ''
  }

  lookup(): number {
    return LOOKUP_NEW
  }

  learn(start: number, end: number): number {
    const key = parseKey(this.#kernel.bytes, start, end)
    if (key === undefined) return LEARN_INVALID
    const { own, remote } = this.#labels
    const common = remote.forAll(own.label(key.name, key.labels))
    if (common === undefined) {
      this.#droppedForAll++
      return LEARN_UNSENT
    }
    const sent = remote.forView(this.#view, common)
    if (sent === undefined) {
      this.#droppedByView++
      return LEARN_UNSENT_BY_VIEW
    }
    const encoded = encodeLabels(sent)
    if (encoded.length > LEARN_BYTES) return LEARN_INVALID
    this.#kernel.bytes.set(encoded, LEARN_AT)
    return encoded.length
  }

  #begin(lines: Uint8Array, timeMs: number, labels: PushLabels, view: RemoteView): void {
    const kernel = this.#kernel
    kernel.host = this
    this.#labels = labels
    this.#view = view
    this.#droppedForAll = 0
    this.#droppedByView = 0
    const shared = labels.remote.shared(view, labels.own.extraLabels)
    const isPlain = shared !== undefined && storeTargetLabels(kernel, shared)
    const isWide = timeMs < TIME6_FIRST || timeMs >= TIME6_END
    const flags = (isPlain ? 0 : FLAG_ALWAYS_LEARN) | (isWide ? FLAG_WIDE_TIME : 0)
    kernel.set(STATE_FLAGS, FLAG_HONOR_TIMESTAMPS | flags)
    kernel.setTime(timeMs)
    kernel.set(STATE_OLD_ENTRIES, 0)
    kernel.set(STATE_OLD_CURSOR, 0)
    kernel.set(STATE_BODY_POS, lines.byteOffset)
    kernel.set(STATE_BODY_END, lines.byteOffset + lines.length)
    kernel.exports.clearChunk()
    clearCounts(kernel)
  }

  async #publishChunks(destinations: number): Promise<void> {
    let isFull: boolean
    do {
      isFull = this.#kernel.exports.rebuild() === CHUNK_FULL
      const { stencilBytes, rawBytes, samples } = compressChunk(this.#kernel)
      const stencil = this.#kernel.bytes.subarray(OUT_AT, OUT_AT + stencilBytes)
      const room = this.#publisher.segment(stencil, rawBytes, samples, destinations)
      if (room !== undefined) await room
    } while (isFull)
  }
}
