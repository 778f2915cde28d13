import type { Label } from '../../../shared/target.ts'
import { fieldBytes, ProtobufWriter, textBytes } from './protobuf.ts'

const SERIES_LABELS = 1
const LABEL_NAME = 1
const LABEL_VALUE = 2

/**
 * Labels as protobuf: the fields `labels` of a TimeSeries, one behind the other
 * (https://prometheus.io/docs/specs/prw/remote_write_spec/):
 *
 *   0A n │ 0A n name │ 12 n value │ ...
 */
export function encodeLabels(labels: readonly Label[]): Uint8Array {
  const sizes = labels.map(({ name, value }) => fieldBytes(textBytes(name)) + fieldBytes(textBytes(value)))
  const writer = new ProtobufWriter(sizes.reduce((sum, size) => sum + fieldBytes(size), 0))
  for (const [index, { name, value }] of labels.entries()) {
    writer.message(SERIES_LABELS, sizes[index]!)
    writer.string(LABEL_NAME, name)
    writer.string(LABEL_VALUE, value)
  }
  return writer.finish()
}
