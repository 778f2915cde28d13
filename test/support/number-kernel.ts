import assert from 'node:assert'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const ENTRY = `
import { numberBits, parseNumber, parseNumberPrefix } from './kernel/assembly/number'
import { POWERS_128 } from './kernel/assembly/number-powers'

/** Lines from p to end, each closed by a line feed; for each [valid, prefix length, bits, bits of the prefix] as u64. */
export function parseLines(p: usize, end: usize, out: usize): void {
  while (p < end) {
    let q = p
    while (load<u8>(q) != 10) q++
    const valid = parseNumber(p, q)
    store<u64>(out, valid)
    store<u64>(out, valid ? numberBits : 0, 16)
    const last = parseNumberPrefix(p, q)
    store<u64>(out, last == 0 ? 0 : last - p, 8)
    store<u64>(out, last == 0 ? 0 : numberBits, 24)
    out += 32
    p = q + 1
  }
}

export function parseOne(p: usize, end: usize): u64 {
  return parseNumber(p, end) ? numberBits : 0x7ff0000000000bad
}

export function powers(): usize { return POWERS_128 }
`

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FLAGS =
  '--runtime stub --optimizeLevel 3 --noAssert --enable simd --use abort= --initialMemory 512 --maximumMemory 512'
const IN_AT = 65536
const OUT_AT = 8 << 20
const RECORD_BYTES = 32

type Exports = {
  readonly memory: WebAssembly.Memory
  parseLines(p: number, end: number, out: number): void
  parseOne(p: number, end: number): bigint
  powers(): number
}

/** What `parseNumber` and `parseNumberPrefix` say of one text; the bits are 0 if they refuse it. */
export type ParsedNumber = {
  readonly valid: boolean
  readonly bits: bigint
  readonly prefix: number
  readonly prefixBits: bigint
}

/** The kernel's number parser alone, compiled with the flags of the kernel. */
export class NumberKernel {
  readonly #exports: Exports
  readonly #memory: Buffer

  private constructor(exports: Exports) {
    this.#exports = exports
    this.#memory = Buffer.from(exports.memory.buffer)
  }

  static async compile(): Promise<NumberKernel> {
    let binary: Uint8Array<ArrayBuffer> | undefined
    const { error, stderr } = await asc.main(
      ['entry.ts', '--baseDir', ROOT, '-o', 'number.wasm', ...FLAGS.split(' ')],
      {
        readFile: name => (name === 'entry.ts' ? ENTRY : readFile(join(ROOT, name), 'utf8').catch(() => null)),
        writeFile: (_, contents) => {
          binary = Uint8Array.from(contents as Uint8Array)
        },
      },
    )
    assert(error === null && binary !== undefined, stderr.toString())
    const { instance } = await WebAssembly.instantiate(binary)
    return new NumberKernel(instance.exports as unknown as Exports)
  }

  parseAll(texts: readonly string[]): ParsedNumber[] {
    const text = `${texts.join('\n')}\n`
    assert(text.length <= OUT_AT - IN_AT && OUT_AT + texts.length * RECORD_BYTES <= this.#memory.length)
    const bytes = this.#memory.write(text, IN_AT, 'latin1')
    this.#exports.parseLines(IN_AT, IN_AT + bytes, OUT_AT)
    const out = new BigUint64Array(this.#exports.memory.buffer, OUT_AT, texts.length * 4)
    return texts.map((_, i) => ({
      valid: out[4 * i] === 1n,
      prefix: Number(out[4 * i + 1]),
      bits: out[4 * i + 2]!,
      prefixBits: out[4 * i + 3]!,
    }))
  }

  /** Bits of the number that the first `length` bytes of `text` are; undefined if they are none. */
  parseWithin(text: string, length: number): bigint | undefined {
    this.#memory.write(text, IN_AT, 'latin1')
    const bits = this.#exports.parseOne(IN_AT, IN_AT + length)
    return bits === REFUSED ? undefined : bits
  }

  /** The table of powers, high and low word of each. */
  get powers(): BigUint64Array {
    return new BigUint64Array(this.#exports.memory.buffer, this.#exports.powers(), 651 * 2)
  }
}

/** A signalling NaN, which no text stands for. */
const REFUSED = 0x7ff0000000000badn
