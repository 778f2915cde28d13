import { once } from 'node:events'
import { constants, createGunzip, createInflate, createZstdDecompress, type Gunzip } from 'node:zlib'
import { BodyInvalid } from '../../../shared/body-invalid.ts'
import type { PushEncoding } from '../../../shared/protocol.ts'
import { decodeSnappy, snappyLength } from '../../../shared/snappy.ts'
import { PushDamaged, PushTooLarge } from './push-errors.ts'

const TEXT_PIECE_BYTES = 64 * 1024
/** As much of a zstd body's own past as a decoder must be able to keep (RFC 8878): more is refused. */
const ZSTD_WINDOW_LOG_MAX = 23

/** Decodes as bytes come, in memory of a fixed size. All of them take the options and have the methods of `Gunzip`. */
const STREAM_DECODERS = {
  gzip: () => createGunzip({ chunkSize: TEXT_PIECE_BYTES }),
  deflate: () => createInflate({ chunkSize: TEXT_PIECE_BYTES }),
  zstd: () =>
    createZstdDecompress({
      chunkSize: TEXT_PIECE_BYTES,
      params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
    }),
} satisfies Partial<Record<PushEncoding, () => Gunzip>>

export type DecodeLimits = {
  /** Decoded bytes of a compressed body. */
  readonly textBytesMax: number
  /** Likewise, of a snappy body, which is in memory as a whole. */
  readonly snappyBytesMax: number
}

/**
 * Decodes a body that comes in pieces.
 *
 * @param pieces the next one is asked for when there is room for it
 * @param onText takes decoded bytes, which are its own until its promise resolves; called again only then
 * @throws {PushDamaged | PushTooLarge} and what `pieces` and `onText` throw
 */
export async function decodeBody(
  encoding: PushEncoding,
  pieces: AsyncIterable<Uint8Array>,
  limits: DecodeLimits,
  onText: (text: Uint8Array) => Promise<void>,
): Promise<void> {
  if (encoding === 'identity') for await (const piece of pieces) await onText(piece)
  else if (encoding === 'snappy') await decodeWhole(pieces, limits.snappyBytesMax, onText)
  else await decodeStream(encoding, pieces, limits.textBytesMax, onText)
}

async function decodeStream(
  encoding: keyof typeof STREAM_DECODERS,
  pieces: AsyncIterable<Uint8Array>,
  textBytesMax: number,
  onText: (text: Uint8Array) => Promise<void>,
): Promise<void> {
  const decoder: Gunzip = STREAM_DECODERS[encoding]()
  let textBytes = 0
  feed(decoder, pieces).catch(error => decoder.destroy(error))
  try {
    for await (const text of decoder as AsyncIterable<Buffer>) {
      textBytes += text.length
      if (textBytes > textBytesMax) throw tooLarge(encoding, textBytesMax)
      await onText(text)
    }
  } catch (error) {
    if (!isCodecError(error)) throw error
    const place = `behind byte ${decoder.bytesWritten}, where ${textBytes} bytes of text were decoded`
    throw new PushDamaged(`the ${encoding} body is damaged ${place}: ${error.message}`, { cause: error })
  }
}

/** Nobody waits for it once the decoder has failed: it then never ends, and is forgotten with the decoder. */
async function feed(decoder: Gunzip, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) if (!decoder.write(piece)) await once(decoder, 'drain')
  decoder.end()
}

/** Errors of zlib have a number, others do not. */
function isCodecError(error: unknown): error is Error {
  return error instanceof Error && 'errno' in error && 'code' in error
}

/** A snappy block cannot be decoded before it is there as a whole. */
async function decodeWhole(
  pieces: AsyncIterable<Uint8Array>,
  bytesMax: number,
  onText: (text: Uint8Array) => Promise<void>,
): Promise<void> {
  const received: Uint8Array[] = []
  let bytes = 0
  for await (const piece of pieces) {
    received.push(piece)
    bytes += piece.length
    if (bytes > bytesMax) throw tooLarge('snappy', bytesMax)
  }
  const text = decodeBlock(Buffer.concat(received), bytesMax)
  for (let at = 0; at < text.length; at += TEXT_PIECE_BYTES) await onText(text.subarray(at, at + TEXT_PIECE_BYTES))
}

function decodeBlock(block: Uint8Array, bytesMax: number): Uint8Array {
  try {
    if (snappyLength(block) > bytesMax) throw tooLarge('snappy', bytesMax)
    return decodeSnappy(block, bytesMax)
  } catch (error) {
    if (!(error instanceof BodyInvalid)) throw error
    throw new PushDamaged(`the snappy body is damaged: ${error.message}`, { cause: error })
  }
}

function tooLarge(encoding: PushEncoding, bytesMax: number): PushTooLarge {
  return new PushTooLarge(`the ${encoding} body has more than ${bytesMax} bytes when decoded; push it in parts`)
}
