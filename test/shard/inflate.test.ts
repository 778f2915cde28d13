import { gunzipSync, gzipSync } from 'node:zlib'
import test from 'ava'
import fc from 'fast-check'
import { plainChecksum } from '../../lib/shard/checksum.ts'
import type { Inflater } from '../../lib/shard/inflate.ts'
import { createInflater, works } from '../../lib/shard/inflate.ts'
import { NativeInflater } from '../../lib/shard/inflate-native.ts'
import { PublicInflater } from '../../lib/shard/inflate-public.ts'
import { BodyTooLarge, TargetBody } from '../../lib/shard/target-errors.ts'

type Options = { windowBytes?: () => number; maxOutputBytes?: number }

/** Inflates pieces as the shard does, into windows that lie within a larger memory. */
function inflate(inflater: Inflater, pieces: readonly Uint8Array[], options: Options = {}): Buffer {
  const { windowBytes = () => 64 * 1024, maxOutputBytes = 64 * 1024 * 1024 } = options
  const text: Buffer[] = []
  inflater.begin(maxOutputBytes)
  for (const [index, piece] of pieces.entries()) {
    inflater.push(piece, index === pieces.length - 1)
    for (;;) {
      const size = windowBytes()
      const memory = Buffer.alloc(size + 32, 0xee)
      const bytes = inflater.read(memory, 16, 16 + size)
      if (bytes === 0) break
      if (memory[15] !== 0xee || memory[16 + size] !== 0xee) throw new Error('wrote outside of the window')
      text.push(memory.subarray(16, 16 + bytes))
    }
  }
  inflater.finish()
  return Buffer.concat(text)
}

function split(body: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [0, ...cuts.map(cut => cut % (body.length + 1)).sort((a, b) => a - b), body.length]
  return at.slice(1).map((end, index) => body.subarray(at[index]!, end))
}

/** Text like that of an exporter: long repetitions, so that copies reach far back. */
function exposition(lines: number): Buffer {
  const names = ['node_cpu_seconds_total', 'node_network_receive_bytes_total', 'http_requests_total']
  let text = ''
  for (let line = 0; line < lines; line++) {
    text += `${names[line % 3]}{device="d${line % 97}",mode="m${line % 7}"} ${(line * 7919) % 100003}.5\n`
  }
  return Buffer.from(text)
}

const KINDS: Record<Inflater['kind'], () => Inflater> = {
  native: () => NativeInflater.create(plainChecksum)!,
  public: () => new PublicInflater(),
}

test('this version of Node.js gets the native inflater', t => {
  const inflater = createInflater()
  t.teardown(() => inflater.close())
  t.is(inflater.kind, 'native')
})

for (const [kind, create] of Object.entries(KINDS)) {
  const make = (t: { teardown(close: () => void): void }) => {
    const inflater = create()
    t.teardown(() => inflater.close())
    return inflater
  }

  test(`${kind}: passes the self-check, again and again`, t => {
    const inflater = make(t)
    t.true(works(inflater))
    t.true(works(inflater))
  })

  test(`${kind}: any body in any pieces through any windows is what gunzipSync makes of it`, t => {
    const inflater = make(t)
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      fc.nat(3000).map(lines => exposition(lines)),
      fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 50 }), fc.nat(2000)).map(([unit, times]) => {
        return Buffer.concat(Array.from({ length: times }, () => unit))
      }),
    )
    const members = fc.array(fc.tuple(body, fc.integer({ min: 0, max: 9 })), { minLength: 1, maxLength: 3 })
    const windows = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 })
    const property = fc.property(members, fc.array(fc.nat(), { maxLength: 6 }), fc.nat(9), windows, (...args) => {
      const [bodies, cuts, zeros, sizes] = args
      const gzip = Buffer.concat([...bodies.map(([plain, level]) => gzipSync(plain, { level })), Buffer.alloc(zeros)])
      const plainBytes = bodies.reduce((sum, [plain]) => sum + plain.length, 0)
      const smallest = Math.ceil(plainBytes / 500) // A million windows of one byte are no news.
      let turn = 0
      const windowBytes = () => Math.max(smallest, sizes[turn++ % sizes.length]!)
      t.true(inflate(inflater, split(gzip, cuts), { windowBytes }).equals(gunzipSync(gzip)))
    })
    fc.assert(property, { numRuns: 150 })
  })

  test(`${kind}: every damaged byte of a body is refused or changes nothing, and the next body is whole`, t => {
    const inflater = make(t)
    const plain = exposition(12)
    const body = gzipSync(plain)
    let refused = 0
    for (let at = 0; at < body.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const damaged = Buffer.from(body)
        damaged[at]! ^= flip
        try {
          t.true(inflate(inflater, split(damaged, [at]), { windowBytes: () => 100 }).equals(plain), `byte ${at}`)
        } catch (error) {
          t.true(error instanceof TargetBody, `byte ${at}: ${error}`)
          refused++
        }
        t.true(inflate(inflater, [body]).equals(plain), `after byte ${at}`)
      }
    }
    t.true(refused > 3 * (body.length - 10))
  })

  test(`${kind}: a body that is cut anywhere is refused`, t => {
    const inflater = make(t)
    const body = gzipSync(exposition(12))
    for (let bytes = 0; bytes < body.length; bytes++) {
      const pieces = split(body.subarray(0, bytes), [bytes >> 1])
      const error = t.throws(() => inflate(inflater, pieces, { windowBytes: () => 64 }), { instanceOf: TargetBody })
      t.is(error.code, 'TARGET_BODY')
    }
  })

  test(`${kind}: a body whose last piece never came is refused by finish()`, t => {
    const inflater = make(t)
    inflater.begin(1000)
    inflater.push(gzipSync('up 1\n'), false)
    while (inflater.read(new Uint8Array(100), 0, 100) > 0);
    t.false(inflater.ended)
    t.throws(() => inflater.finish(), { instanceOf: TargetBody, message: /cut short/ })
  })

  test(`${kind}: text behind the body is refused`, t => {
    const inflater = make(t)
    const body = Buffer.concat([gzipSync('up 1\n'), Buffer.from('garbage')])
    t.throws(() => inflate(inflater, [body]), { instanceOf: TargetBody, message: /incorrect header check/ })
    t.throws(() => inflate(inflater, split(body, [body.length - 7])), { instanceOf: TargetBody })
  })

  test(`${kind}: a body as large as the limit passes, one byte more is refused`, t => {
    const inflater = make(t)
    const plain = exposition(300)
    const body = gzipSync(plain)
    for (const size of [1000, plain.length, 1_000_000]) {
      const windowBytes = () => size
      t.true(inflate(inflater, [body], { windowBytes, maxOutputBytes: plain.length }).equals(plain))
      const error = t.throws(() => inflate(inflater, [body], { windowBytes, maxOutputBytes: plain.length - 1 }), {
        instanceOf: BodyTooLarge,
      })
      t.is(error.bodyBytesMax, plain.length - 1)
    }
  })

  test(`${kind}: a bomb is stopped at the limit`, t => {
    const inflater = make(t)
    const bomb = gzipSync(Buffer.alloc(32 * 1024 * 1024))
    let windows = 0
    const windowBytes = () => {
      windows++
      return 16 * 1024
    }
    t.throws(() => inflate(inflater, [bomb], { windowBytes, maxOutputBytes: 100_000 }), { instanceOf: BodyTooLarge })
    t.true(windows <= 7)
  })

  test(`${kind}: wrong windows and pieces out of turn are caught before they do harm`, t => {
    const inflater = make(t)
    const into = new Uint8Array(10)
    inflater.begin(100)
    inflater.push(gzipSync('up 1\n'), true)
    for (const [start, end] of [
      [0, 11],
      [-1, 5],
      [5, 5],
      [6, 5],
    ] as const) {
      t.throws(() => inflater.read(into, start, end), { code: 'ERR_ASSERTION' })
    }
    t.throws(() => inflater.push(new Uint8Array(1), true), { code: 'ERR_ASSERTION' })
    t.throws(() => inflater.begin(0), { code: 'ERR_ASSERTION' })
  })
}

test('native: memory stays flat over ten thousand bodies, damaged ones included', t => {
  const inflater = KINDS.native()
  t.teardown(() => inflater.close())
  const body = gzipSync(exposition(20))
  const damaged = Buffer.from(body)
  damaged[body.length - 6]! ^= 1
  const into = new Uint8Array(4096)
  const round = (times: number) => {
    for (let i = 0; i < times; i++) {
      inflater.begin(1_000_000)
      inflater.push(i % 3 === 0 ? damaged : body, true)
      try {
        while (inflater.read(into, 0, into.length) > 0);
      } catch {}
    }
    const { external, rss } = process.memoryUsage()
    return { external, rss }
  }
  const before = round(2000)
  const after = round(10_000)
  // A leaked handle would take 40 KiB, ten thousand of them 400 MiB.
  t.true(after.external - before.external < 32 * 1024 * 1024)
  t.true(after.rss - before.rss < 128 * 1024 * 1024)
})
