import { PUSH_ENCODINGS, type PushEncoding, type PushSpec } from '../../../shared/protocol.ts'
import type { Label } from '../../../shared/target.ts'
import { invalidPush } from './push-refused.ts'

/** What a request that pushes says in front of its body. */
export type PushRequest = {
  /** Decoded, without `-http.pathPrefix`. */
  readonly path: string
  readonly query: URLSearchParams
  /** Content-Encoding; '' if there is none. */
  readonly encoding: string
  readonly client: string
}

const BASE64 = '@base64'

/**
 * `/api/v1/import/prometheus`, and the paths of the Pushgateway below it: `/metrics/job/NAME/LABEL/VALUE...`. Query
 * arguments: `timestamp` in milliseconds, for samples without one, and `extra_label=name=value`, which may come again.
 *
 * @throws {PushRefused} naming what is wrong
 */
export function prometheusImport({ path, query, encoding, client }: PushRequest): PushSpec {
  return {
    client,
    encoding: readEncoding(encoding),
    timeMs: readTime(query.get('timestamp') ?? ''),
    extraLabels: [...readPathLabels(path), ...query.getAll('extra_label').map(readExtraLabel)],
  }
}

/** Clients of the Pushgateway want 200. */
export function importStatus(path: string): 200 | 204 {
  return path.includes('/api/v1/import/prometheus/metrics/job/') ? 200 : 204
}

function readEncoding(text: string): PushEncoding {
  const encoding = text === '' || text === 'none' ? 'identity' : text
  const known = PUSH_ENCODINGS.find(name => name === encoding)
  if (known !== undefined) return known
  throw invalidPush(`Content-Encoding ${JSON.stringify(text)} is not known; known: ${PUSH_ENCODINGS.join(', ')}`)
}

/** 0, and what is before 1970, means the time at which a sample is read. */
function readTime(text: string): number {
  if (text === '') return 0
  const timeMs = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(timeMs)) return Math.max(timeMs, 0)
  throw invalidPush(`the query argument timestamp=${text} is not a whole number of milliseconds`)
}

function readExtraLabel(text: string): Label {
  const equals = text.indexOf('=')
  if (equals >= 0) return { name: text.slice(0, equals), value: text.slice(equals + 1) }
  throw invalidPush(`the query argument extra_label=${text} is not name=value`)
}

/** https://github.com/prometheus/pushgateway#url */
function readPathLabels(path: string): Label[] {
  const [, text] = /\/metrics\/(job(?:@base64)?\/.*)$/s.exec(path) ?? []
  if (text === undefined) return []
  const parts = text.split('/')
  const labels: Label[] = []
  for (let at = 0; at < parts.length; at += 2) {
    const [name, value] = [parts[at]!, parts[at + 1]]
    if (value !== undefined) labels.push(readPathLabel(name, value))
    // A slash at the end is none too many.
    else if (name !== '') throw invalidPush(`the path ${path} has no value for its label ${name}`)
  }
  return labels
}

/** A label without a value is no label; in base64 that is `=`. */
function readPathLabel(name: string, value: string): Label {
  if (!name.endsWith(BASE64)) return { name, value }
  const digits = value.replace(/=+$/, '')
  if (/^[\w-]*$/.test(digits) && digits.length % 4 !== 1) {
    return { name: name.slice(0, -BASE64.length), value: Buffer.from(digits, 'base64url').toString() }
  }
  throw invalidPush(`the value ${value} of ${name} in the path is not base64url`)
}
