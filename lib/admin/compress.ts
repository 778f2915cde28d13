import { promisify } from 'node:util'

/** Less is not worth it: it fits into one packet anyway. */
const BYTES_MIN = 1024
const ZSTD_LEVEL = 1
const GZIP_LEVEL = 1

/** A body as it is sent; without an encoding it is sent as it is. */
export type SentBody = { readonly bytes: Uint8Array; readonly encoding?: 'gzip' | 'zstd' }

/** @param accepted the header `Accept-Encoding`; gzip is preferred */
export async function compress(body: string | Uint8Array, accepted: string): Promise<SentBody> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  if (bytes.length < BYTES_MIN) return { bytes }
  if (accepts(accepted, 'gzip')) return { bytes: await gzip(bytes), encoding: 'gzip' }
  if (accepts(accepted, 'zstd')) return { bytes: await zstd(bytes), encoding: 'zstd' }
  return { bytes }
}

/** RFC 9110, 12.5.3: a list of codings, where `q=0` means that one is not wanted. */
function accepts(header: string, coding: string): boolean {
  for (const item of header.toLowerCase().split(',')) {
    const [name, ...parameters] = item.split(';').map(part => part.trim())
    if (name === coding) return !parameters.some(parameter => /^q=0(?:\.0*)?$/.test(parameter))
  }
  return false
}

// Loaded with the first answer that is compressed.

async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const { gzip } = process.getBuiltinModule('node:zlib')
  return promisify(gzip)(bytes, { level: GZIP_LEVEL })
}

async function zstd(bytes: Uint8Array): Promise<Uint8Array> {
  const { constants, zstdCompress } = process.getBuiltinModule('node:zlib')
  return promisify(zstdCompress)(bytes, { params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } })
}
