// Both ends in one thread: every property of the ring that needs no second thread.
import test from 'ava'
import fc from 'fast-check'
import {
  createRing,
  RING_FULL,
  RING_KIND_MAX,
  RingConsumer,
  RingProducer,
  ringCapacityBytes,
} from '../../shared/ring.ts'

const FRAME_HEADER_BYTES = 8
const HEAD_WORD = 32

type Frame = { readonly kind: number; readonly payload: Uint8Array }

/** A ring whose counters start at `position`, as if that many bytes had gone through it. */
function ringAt(capacityBytes: number, position: number): SharedArrayBuffer {
  const memory = createRing(capacityBytes)
  const words = new Int32Array(memory)
  words[0] = position
  words[HEAD_WORD] = position
  return memory
}

function ringOf(capacityBytes: number) {
  const memory = createRing(capacityBytes)
  return { memory, producer: new RingProducer(memory), consumer: new RingConsumer(memory) }
}

function push(producer: RingProducer, payload: Uint8Array, kind = 1): boolean {
  const start = producer.claim(payload.length, kind)
  if (start === RING_FULL) return false
  producer.bytes.set(payload, start)
  producer.commit()
  return true
}

function pull(consumer: RingConsumer, framesMax = Number.POSITIVE_INFINITY): Frame[] {
  const frames: Frame[] = []
  consumer.drain(
    (bytes, start, end, kind) => frames.push({ kind, payload: Uint8Array.from(bytes.subarray(start, end)) }),
    framesMax,
  )
  return frames
}

function payloads(frames: readonly Frame[]): Uint8Array[] {
  return frames.map(frame => frame.payload)
}

test('a claimed frame is invisible until it is committed', t => {
  const { producer, consumer } = ringOf(64)
  const start = producer.claim(3, 0)
  producer.bytes.set([1, 2, 3], start)
  t.deepEqual(pull(consumer), [])
  t.is(consumer.usedBytes(), 0)
  producer.commit()
  t.deepEqual(pull(consumer), [{ kind: 0, payload: Uint8Array.of(1, 2, 3) }])
})

test('a frame is for all destinations, or for a set of them', t => {
  const { producer, consumer } = ringOf(64)
  const sets: number[] = []
  for (const [kind, destinations] of [
    [1, undefined],
    [RING_KIND_MAX, 2 ** 24 - 1],
    [0, 2 ** 23],
    [2, 1],
  ] as const) {
    producer.claim(3, kind, destinations)
    producer.commit()
    consumer.drain((_bytes, _start, _end, kind, destinations) => sets.push(kind, destinations), 1)
  }
  t.deepEqual(sets, [1, 0, RING_KIND_MAX, 2 ** 24 - 1, 0, 2 ** 23, 2, 1])
})

test('a handler that throws leaves its frame unread and those before it read', t => {
  const { producer, consumer } = ringOf(64)
  push(producer, Uint8Array.of(1))
  push(producer, Uint8Array.of(2))
  t.throws(
    () =>
      consumer.drain((bytes, start) => {
        if (bytes[start] === 2) throw new Error('disk full')
      }, 2),
    { message: 'disk full' },
  )
  t.deepEqual(payloads(pull(consumer)), [Uint8Array.of(2)])
})

test('claiming again gives the first reservation up', t => {
  const { producer, consumer } = ringOf(64)
  producer.bytes.fill(7, producer.claim(20, 1))
  producer.bytes[producer.claim(1, 2)] = 9
  producer.commit()
  t.deepEqual(pull(consumer), [{ kind: 2, payload: Uint8Array.of(9) }])
})

test('a full ring refuses and takes frames again after a drain', t => {
  const { producer, consumer } = ringOf(64)
  for (let n = 0; n < 4; n++) t.true(push(producer, Uint8Array.of(n, 0, 0, 0, 0, 0, 0, 0)))
  t.false(push(producer, new Uint8Array(0)))
  t.is(producer.usedBytes(), 64)
  t.is(pull(consumer, 1).length, 1)
  t.true(push(producer, Uint8Array.of(4)))
  t.deepEqual(
    pull(consumer).map(frame => frame.payload[0]),
    [1, 2, 3, 4],
  )
  t.is(producer.usedBytes(), 0)
})

test('the greatest payload fits an empty ring at any position', t => {
  for (let position = 0; position < 256; position += 8) {
    const memory = ringAt(256, position)
    const producer = new RingProducer(memory)
    t.is(producer.payloadBytesMax, 120)
    t.true(push(producer, new Uint8Array(120).fill(position)))
    t.deepEqual(payloads(pull(new RingConsumer(memory))), [new Uint8Array(120).fill(position)])
  }
})

test('a payload above the greatest, a kind out of range and a commit without claim are bugs', t => {
  const { producer } = ringOf(64)
  t.throws(() => producer.claim(25, 1), { message: /cannot fit/ })
  t.throws(() => producer.claim(1, -1))
  t.throws(() => producer.claim(1, RING_KIND_MAX + 1))
  t.throws(() => producer.commit(), { message: 'commit without claim' })
})

test('a successor of a producer that died between claim and commit goes on with whole frames', t => {
  const { memory, producer, consumer } = ringOf(64)
  push(producer, Uint8Array.of(1))
  producer.bytes.fill(0xee, producer.claim(20, 3), producer.claim(20, 3) + 10) // and then it dies
  const successor = new RingProducer(memory)
  push(successor, Uint8Array.of(2))
  t.deepEqual(payloads(pull(consumer)), [Uint8Array.of(1), Uint8Array.of(2)])
})

test('a successor of the consumer goes on at the first frame that was not read', t => {
  const { memory, producer, consumer } = ringOf(128)
  for (let n = 0; n < 5; n++) push(producer, Uint8Array.of(n))
  pull(consumer, 2)
  t.deepEqual(payloads(pull(new RingConsumer(memory))), [Uint8Array.of(2), Uint8Array.of(3), Uint8Array.of(4)])
})

for (const capacityBytes of [0, 32, 48, 65, 96, 2 ** 31, Number.NaN]) {
  test(`createRing refuses ${capacityBytes} B`, t => {
    t.throws(() => createRing(capacityBytes), { message: /out of range|power of two/ })
  })
}

test('memory that is not a ring, or is in an impossible state, is refused', t => {
  t.throws(() => new RingConsumer(new SharedArrayBuffer(100)), { message: /not the memory of a ring/ })
  const memory = createRing(64)
  new Int32Array(memory)[0] = 72
  t.throws(() => new RingProducer(memory), { message: /72 B unread of 64 B/ })
})

type Action =
  | { readonly type: 'push'; readonly payloadBytes: number; readonly kind: number }
  | { readonly type: 'abandon'; readonly payloadBytes: number }
  | { readonly type: 'drain'; readonly framesMax: number }
  | { readonly type: 'successor'; readonly of: 'producer' | 'consumer' }

function actions(payloadBytesMax: number): fc.Arbitrary<Action[]> {
  const payloadBytes = fc.integer({ min: 0, max: payloadBytesMax })
  return fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          type: fc.constant('push' as const),
          payloadBytes,
          kind: fc.integer({ min: 0, max: RING_KIND_MAX }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('abandon' as const), payloadBytes }) },
      {
        weight: 4,
        arbitrary: fc.record({ type: fc.constant('drain' as const), framesMax: fc.integer({ min: 0, max: 6 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          type: fc.constant('successor' as const),
          of: fc.constantFrom('producer' as const, 'consumer' as const),
        }),
      },
    ),
    { maxLength: 200, size: 'max' },
  )
}

/** Bytes of a frame, from the picture at the top of shared/ring.ts. */
function frameBytes(payloadBytes: number): number {
  return Math.ceil((FRAME_HEADER_BYTES + payloadBytes) / 8) * 8
}

// Where counts wrap: 2³¹ turns the sign of an i32, 2³² turns it to 0.
const positions = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 300 }).map(n => -8 * n),
  fc.integer({ min: 0, max: 300 }).map(n => (2 ** 31 - 8 * n) | 0),
)

test('the ring behaves as a list of frames whose size, laps included, never exceeds the capacity', t => {
  const cases = fc.constantFrom(64, 128, 256, 1024).chain(capacityBytes =>
    fc.record({
      capacityBytes: fc.constant(capacityBytes),
      position: positions,
      script: actions(capacityBytes / 2 - FRAME_HEADER_BYTES),
    }),
  )
  fc.assert(
    fc.property(cases, ({ capacityBytes, position, script }) => {
      const memory = ringAt(capacityBytes, position)
      let producer = new RingProducer(memory)
      let consumer = new RingConsumer(memory)
      const model: { frame: Frame; bytes: number }[] = []
      let index = (position >>> 0) % capacityBytes
      let stamp = 0
      for (const action of script) {
        if (action.type === 'push') {
          const payload = new Uint8Array(action.payloadBytes).map(() => stamp++ & 0xff)
          const lapBytes = capacityBytes - index
          const size = frameBytes(payload.length)
          const bytes = size > lapBytes ? size + lapBytes : size
          const usedBytes = model.reduce((sum, entry) => sum + entry.bytes, 0)
          if (push(producer, payload, action.kind) !== usedBytes + bytes <= capacityBytes) return false
          if (usedBytes + bytes > capacityBytes) continue
          model.push({ frame: { kind: action.kind, payload }, bytes })
          index = (index + bytes) % capacityBytes
        } else if (action.type === 'abandon') {
          const start = producer.claim(action.payloadBytes, 5)
          if (start !== RING_FULL) producer.bytes.fill(0xaa, start, start + action.payloadBytes)
          producer = new RingProducer(memory)
        } else if (action.type === 'drain') {
          const expected = model.splice(0, action.framesMax).map(entry => entry.frame)
          t.deepEqual(pull(consumer, action.framesMax), expected)
        } else if (action.of === 'producer') {
          producer = new RingProducer(memory)
        } else {
          consumer = new RingConsumer(memory)
        }
        const usedBytes = model.reduce((sum, entry) => sum + entry.bytes, 0)
        if (producer.usedBytes() !== usedBytes || consumer.usedBytes() !== usedBytes) return false
      }
      t.deepEqual(
        pull(consumer),
        model.map(entry => entry.frame),
      )
      return ringCapacityBytes(memory) === capacityBytes
    }),
    { numRuns: 400 },
  )
})
