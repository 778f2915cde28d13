import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import test from 'ava'
import { compress } from '../../lib/admin/compress.ts'

const TEXT = 'metric{label="välue"} 1\n'.repeat(100)

for (const [accepted, encoding] of [
  ['gzip', 'gzip'],
  ['br, gzip;q=0.5', 'gzip'],
  ['zstd, gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['zstd', 'zstd'],
  ['gzip;q=0, zstd;q=1', 'zstd'],
  ['gzip; q=0.0', undefined],
  ['br', undefined],
  ['', undefined],
] as const) {
  test(`Accept-Encoding: ${accepted} gets ${encoding ?? 'the body as it is'}`, async t => {
    const sent = await compress(TEXT, accepted)
    t.is(sent.encoding, encoding)
    const plain =
      encoding === undefined
        ? sent.bytes
        : encoding === 'gzip'
          ? gunzipSync(sent.bytes)
          : zstdDecompressSync(sent.bytes)
    t.is(Buffer.from(plain).toString(), TEXT)
  })
}

test('a short body is not compressed', async t => {
  t.deepEqual(await compress('OK', 'gzip'), { bytes: Buffer.from('OK') })
})
