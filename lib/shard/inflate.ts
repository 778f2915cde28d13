import { gzipSync } from 'node:zlib'
import { type Checksum, plainChecksum } from './checksum.ts'
import { NativeInflater } from './inflate-native.ts'
import { PublicInflater } from './inflate-public.ts'
import { TargetBody } from './target-errors.ts'

/**
 * Inflates gzip bodies (RFC 1952; several members in a row make one body, zeros after the last are ignored), one after the
 * other, into memory of the caller.
 *
 *     inflater.begin(maxOutputBytes)
 *     for each piece:
 *       inflater.push(piece, isLast)
 *       while ((bytes = inflater.read(into, start, end)) > 0) use(bytes)
 *     inflater.finish()
 *
 * After any error the object is good for the next body.
 */
export interface Inflater {
  /** `native` writes straight into the caller's memory; `public` inflates a body as a whole and copies it. */
  readonly kind: 'native' | 'public'
  /** True if the last piece was pushed and all of the body was read. */
  readonly ended: boolean
  /** Starts a body, whatever became of the one before. */
  begin(maxOutputBytes: number): void
  /**
   * Gives the next piece of input; all that the piece before yields must have been read.
   *
   * @param input kept, not copied, until it is used up
   */
  push(input: Uint8Array, isLast: boolean): void
  /**
   * Inflates into `into`, from `start` up to `end` at most. What is between the last byte written and `end` is undefined.
   *
   * @returns bytes written; 0: the piece is used up, or the body ended
   * @throws {TargetBody} the data is damaged, cut short or followed by something else
   * @throws {BodyTooLarge} there is more than `maxOutputBytes`
   */
  read(into: Uint8Array, start: number, end: number): number
  /** @throws {TargetBody} the body is not complete */
  finish(): void
  /** Gives the memory back; nothing may be called afterwards. */
  close(): void
}

/**
 * The fastest inflater that works in this version of Node.js: the native one depends on internals, and has to prove
 * itself before it is taken.
 *
 * @param checksum how the native one checks what it has inflated
 */
export function createInflater(checksum: Checksum = plainChecksum): Inflater {
  const native = NativeInflater.create(checksum)
  if (native !== undefined) {
    if (works(native)) return native
    native.close()
  }
  return new PublicInflater()
}

/** Inflates a known body through small windows, has a damaged one refused, and does the first again. */
export function works(inflater: Inflater): boolean {
  const text = Buffer.from(Array.from({ length: 200 }, (_, line) => `known{line="${line}"} ${line * line}\n`).join(''))
  const body = gzipSync(text)
  const damaged = Buffer.from(body)
  damaged[body.length - 8]! ^= 1 // in the checksum
  try {
    return inflates(inflater, body, text) && refuses(inflater, damaged) && inflates(inflater, body, text)
  } catch {
    return false
  }
}

function inflates(inflater: Inflater, body: Uint8Array, text: Buffer): boolean {
  const into = Buffer.alloc(text.length + 2)
  const middle = body.length >> 1
  let end = 1
  inflater.begin(text.length)
  for (const [piece, isLast] of [
    [body.subarray(0, middle), false],
    [body.subarray(middle), true],
  ] as const) {
    inflater.push(piece, isLast)
    for (let bytes = -1; bytes !== 0; end += bytes) bytes = inflater.read(into, end, Math.min(end + 100, into.length))
  }
  inflater.finish()
  return into.subarray(1, end).equals(text)
}

function refuses(inflater: Inflater, body: Uint8Array): boolean {
  const into = new Uint8Array(64 * 1024)
  try {
    inflater.begin(into.length)
    inflater.push(body, true)
    while (inflater.read(into, 0, into.length) > 0);
    return false
  } catch (error) {
    return error instanceof TargetBody
  }
}
