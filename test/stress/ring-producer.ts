/** The producing thread of ring.test.ts: checksummed frames of random sizes, waiting for room on the bell. */
import { parentPort, workerData } from 'node:worker_threads'
import { Doorbell } from '../../shared/doorbell.ts'
import { RING_FULL, RingProducer } from '../../shared/ring.ts'
import { fillFrame, frameSizes } from './ring-frames.ts'

export type ProducerPlan = {
  readonly ring: SharedArrayBuffer
  readonly dataBell: SharedArrayBuffer
  readonly roomBell: SharedArrayBuffer
  readonly frames: number
  readonly payloadBytesMax: number
  readonly seed: number
  /** The bell is rung after so many frames, and before each wait. */
  readonly framesPerRing: number
}

const plan = workerData as ProducerPlan
const producer = new RingProducer(plan.ring)
const dataBell = new Doorbell(plan.dataBell)
const roomBell = new Doorbell(plan.roomBell)
const nextSize = frameSizes(plan.seed, plan.payloadBytesMax)
const alive = setInterval(() => {}, 1000)
let waits = 0

for (let n = 0; n < plan.frames; n++) {
  const payloadBytes = nextSize()
  let start = producer.claim(payloadBytes, n % 200)
  while (start === RING_FULL) {
    dataBell.ring()
    waits++
    // The room bell may have rung since the claim: then this returns at once and the claim is tried again.
    await roomBell.rung(Number.POSITIVE_INFINITY)
    start = producer.claim(payloadBytes, n % 200)
  }
  fillFrame(producer.bytes, start, payloadBytes, n)
  producer.commit()
  if (n % plan.framesPerRing === 0) dataBell.ring()
}
dataBell.ring()
clearInterval(alive)
parentPort!.postMessage(waits)
