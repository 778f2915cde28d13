import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import * as layout from '../../kernel/layout.ts'
import { PenstockError } from '../../shared/errors.ts'
import { Staging } from './staging.ts'

const KERNEL_URL = new URL('../../kernel/build/kernel.wasm', import.meta.url)
const WASM_PAGE_BYTES = 65536
const WORD = 2 ** 32

/** The functions of kernel/assembly/index.ts. Addresses and lengths are bytes in kernel memory. */
type KernelExports = {
  readonly memory: WebAssembly.Memory
  staticEnd(): number
  verify(): number
  rebuild(): number
  enterChunk(
    entriesAt: number,
    entries: number,
    stencilAt: number,
    stencilBytes: number,
    firstEntry: number,
    prefix: number,
  ): void
  takePrefix(from: number): number
  takeVanished(from: number): number
  labelsHash(index: number): bigint
  staleRun(): number
  compressChunk(): number
  clearChunk(): void
  foldCrc(start: number, bytes: number, register: number): number
  expand(from: number, bytes: number, to: number): number
  appendSeries(
    hash: bigint,
    keyBytes: number,
    labelsAt: number,
    labelsBytes: number,
    value: bigint,
    timeMs: bigint,
    kind: number,
  ): number
}

/** What the kernel asks its host while it rebuilds a target's chunks. */
export interface KernelHost {
  /** Number of the target's entry with this key hash, seen from now on; `LOOKUP_NEW` or `LOOKUP_SEEN`. */
  lookup(hashLow: number, hashHigh: number): number
  /** Writes the encoded labels of the key at `start` to `end` to `LEARN_AT`; bytes, or one of `LEARN_…`. */
  learn(start: number, end: number): number
}

/** kernel.wasm is not there or is not the one that this version was made for. */
export class KernelMissing extends PenstockError {
  override readonly name = 'KernelMissing'
  override readonly code = 'WORKER_FAILED'
}

/**
 * The typed door to kernel.wasm. One instance a thread; its memory has a fixed size and holds nothing of a target
 * between two scrapes.
 */
export class Kernel {
  readonly exports: KernelExports
  readonly bytes: Uint8Array
  readonly staging = new Staging()
  /** Answers what the kernel asks; whoever has work for it puts its own here. */
  host: KernelHost
  readonly #state: Uint32Array

  /**
   * @param seed of the key hashes; blocks that move between kernels need the same
   * @throws {KernelMissing}
   */
  constructor(host: KernelHost, seed: readonly [number, number]) {
    this.host = host
    const module = new WebAssembly.Module(readKernel())
    const env = {
      lookup: (low: number, high: number) => this.host.lookup(low, high),
      learn: (start: number, end: number) => this.host.learn(start, end),
    }
    this.exports = new WebAssembly.Instance(module, { env }).exports as unknown as KernelExports
    assert(this.exports.staticEnd() <= layout.SCRATCH_AT, 'static data of the kernel reaches into its scratch memory')
    assert(layout.SCRATCH_END <= this.exports.memory.buffer.byteLength, 'scratch memory does not fit into the kernel')
    this.bytes = new Uint8Array(this.exports.memory.buffer)
    this.#state = new Uint32Array(this.exports.memory.buffer, layout.STATE_AT, layout.STATE_BYTES / 4)
    this.set(layout.STATE_SEED, seed[0])
    this.set(layout.STATE_SEED + 4, seed[1])
  }

  get sizeBytes(): number {
    return layout.SCRATCH_END + (WASM_PAGE_BYTES - (layout.SCRATCH_END % WASM_PAGE_BYTES))
  }

  get(field: number): number {
    return this.#state[field >> 2]!
  }

  set(field: number, value: number): void {
    this.#state[field >> 2] = value
  }

  /** Sets the scrape's timestamp, in ms since the epoch. */
  setTime(timeMs: number): void {
    this.set(layout.STATE_TIME, timeMs % WORD)
    this.set(layout.STATE_TIME + 4, Math.floor(timeMs / WORD))
  }
}

function readKernel(): Buffer<ArrayBuffer> {
  try {
    return readFileSync(KERNEL_URL)
  } catch (cause) {
    throw new KernelMissing('kernel/build/kernel.wasm is missing: run `npm run build`', { cause })
  }
}
