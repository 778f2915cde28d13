import protobuf from 'protobufjs'
import { compressSync } from 'snappy'

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; }
  message Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
  message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; }
  message MetricMetadata { uint32 type = 1; string metric_family_name = 2; string help = 4; }
  message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
`)
const WriteRequest = root.lookupType('WriteRequest')

export type SeriesToWrite = {
  readonly labels: readonly { readonly name: string; readonly value: string }[]
  readonly samples: readonly { readonly value: number; readonly timestamp: number }[]
}

/** A remote write request as protobuf, with things around the samples that a receiver may skip. */
export function encodeRequest(timeseries: readonly SeriesToWrite[]): Uint8Array {
  const exemplars = [{ labels: [{ name: 'trace', value: 'x' }], value: 1, timestamp: 2 }]
  const metadata = [{ type: 1, metricFamilyName: 'm', help: 'It helps.' }]
  return WriteRequest.encode({ timeseries: timeseries.map(series => ({ ...series, exemplars })), metadata }).finish()
}

/** One series with one sample, as the body of a request. @param labels the name of the metric is under `__name__` */
export function bodyOf(labels: Readonly<Record<string, string>>, ...values: readonly number[]): Uint8Array {
  const samples = values.map((value, index) => ({ value, timestamp: index + 1 }))
  const pairs = Object.entries(labels).map(([name, value]) => ({ name, value }))
  return compressSync(Buffer.from(encodeRequest([{ labels: pairs, samples }])))
}
