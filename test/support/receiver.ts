import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import protobuf from 'protobufjs'
import { uncompressSync } from 'snappy'

/** One sample as it arrived; a stale marker has a NaN for a value. */
export type ReceivedSample = {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly timestampMs: number
}

export type Receiver = {
  readonly url: string
  readonly samples: readonly ReceivedSample[]
  /** What every request is answered with, from now on; what is refused is not kept. */
  status: number
  /** Resolves when a sample, one that is there already or a later one, satisfies `predicate`. */
  first(predicate: (sample: ReceivedSample) => boolean): Promise<ReceivedSample>
}

type Series = {
  readonly labels: readonly { readonly name: string; readonly value: string }[]
  readonly samples: readonly { readonly value: number; readonly timestamp: number }[]
}

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; }
  message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
  message WriteRequest { repeated TimeSeries timeseries = 1; }
`)
const WriteRequest = root.lookupType('WriteRequest')

/** A remote write receiver that takes snappy and keeps every sample; closed when the test ends. */
export async function startReceiver(t: ExecutionContext): Promise<Receiver> {
  const samples: ReceivedSample[] = []
  const waiting = new Set<() => void>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = await request.toArray()
    if (request.headers['content-encoding'] !== 'snappy') return response.writeHead(415).end()
    if (receiver.status < 300) {
      samples.push(...decode(Buffer.concat(chunks)))
      for (const look of waiting) look()
    }
    response.writeHead(receiver.status).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`,
    samples,
    status: 204,
    first: predicate =>
      new Promise(resolve => {
        const look = () => {
          const found = samples.find(predicate)
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
  return receiver
}

function decode(body: Buffer): ReceivedSample[] {
  const raw = uncompressSync(body) as Buffer
  const request = WriteRequest.toObject(WriteRequest.decode(raw), { longs: Number, arrays: true, defaults: true })
  return (request.timeseries as readonly Series[]).flatMap(({ labels, samples }) =>
    samples.map(({ value, timestamp }) => ({
      labels: Object.fromEntries(labels.map(label => [label.name, label.value])),
      value,
      timestampMs: timestamp,
    })),
  )
}
