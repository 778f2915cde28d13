import { PenstockError } from '../../shared/errors.ts'

/** How much of an answer's body is kept for the log. */
const EXCERPT_BYTES_MAX = 256
/** What is larger is no head, interim ones in front of it included. */
const HEAD_BYTES_MAX = 16 * 1024

const HEAD_END = /\r?\n\r?\n/
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)( |$)/

/** What has come of an answer. */
export type Answer = {
  readonly status: number
  readonly retryAfter: string | undefined
  /** Beginning of the body, as far as it has come. */
  readonly excerpt: string
  /** All of it is there. An answer that does not say how long it is ends with its connection and is never complete. */
  readonly isComplete: boolean
  /** How long the server then keeps the connection without a request: 0 if it takes none, `Infinity` if it does not say. */
  readonly idleMs: number
}

/** What came is no answer. */
export class AnswerInvalid extends PenstockError {
  override readonly name = 'AnswerInvalid'
  override readonly code = 'REMOTE_UNREACHABLE'
  override readonly retryable = true

  constructor(reason: string) {
    super(`the answer ${reason}; is the URL that of a remote write endpoint?`)
  }
}

/** What decides over the body and the connection; of the other headers only one is of interest. */
type Head = {
  readonly minorVersion: number
  readonly status: number
  /** Lower-case names; the first of a name counts. */
  readonly headers: ReadonlyMap<string, string>
}

/** A body as far as it has come, and where the answer ends: undefined if that has not come. */
type Body = { readonly text: string; readonly end: number | undefined }

/**
 * Reads an answer of HTTP/1 (RFC 9112) from its beginning. Interim answers in front of it are passed over. Where the
 * head makes no sense of the body, the status still counts: the answer is complete and its connection takes no request.
 *
 * @param received all that has come so far, one character for each byte
 * @returns undefined as long as the head has not come
 * @throws {AnswerInvalid}
 */
export function readAnswer(received: string): Answer | undefined {
  let start = 0
  for (;;) {
    const rest = received.slice(start, HEAD_BYTES_MAX)
    if (!'HTTP/1.'.startsWith(rest.slice(0, 7))) throw new AnswerInvalid('is not HTTP/1')
    const headEnd = HEAD_END.exec(rest)
    if (headEnd === null) {
      if (received.length >= HEAD_BYTES_MAX) throw new AnswerInvalid(`has a head of more than ${HEAD_BYTES_MAX} B`)
      return undefined
    }
    const head = readHead(rest.slice(0, headEnd.index))
    start += headEnd.index + headEnd[0].length
    if (head.status === 101) throw new AnswerInvalid('changes to another protocol')
    if (head.status >= 200) return answerOf(head, readBody(head, received, start), received.length)
  }
}

function answerOf(head: Head, body: Body, receivedBytes: number): Answer {
  const excerpt = Buffer.from(body.text.slice(0, EXCERPT_BYTES_MAX), 'latin1').toString('utf8').trim()
  return {
    status: head.status,
    retryAfter: head.headers.get('retry-after'),
    excerpt,
    isComplete: body.end !== undefined,
    // What follows an answer unasked could be taken for the next one.
    idleMs: body.end === receivedBytes ? idleMs(head) : 0,
  }
}

function readHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split(/\r?\n/)
  const match = STATUS_LINE.exec(statusLine)
  if (match === null) throw new AnswerInvalid('is not HTTP/1')
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    if (colon > 0 && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim())
  }
  return { minorVersion: Number(match[1]), status: Number(match[2]), headers }
}

/** How far the body goes: RFC 9112, 6.3. */
function readBody(head: Head, received: string, start: number): Body {
  const encoding = head.headers.get('transfer-encoding')
  const length = head.headers.get('content-length')
  if (head.status === 204 || head.status === 304) return { text: '', end: start }
  if (encoding?.toLowerCase() === 'chunked') return readChunks(received, start)
  if (encoding !== undefined) return unreadable('')
  if (length === undefined) return { text: received.slice(start), end: undefined }
  if (!/^\d{1,15}$/.test(length)) return unreadable('')
  const end = start + Number(length)
  return { text: received.slice(start, end), end: received.length < end ? undefined : end }
}

/** RFC 9112, 7.1. */
function readChunks(received: string, start: number): Body {
  let text = ''
  for (let at = start; ; ) {
    const lineEnd = received.indexOf('\r\n', at)
    if (lineEnd === -1) return { text, end: undefined }
    const digits = /^[\dA-Fa-f]{1,12}(?=[\t ;]|$)/.exec(received.slice(at, lineEnd))?.[0]
    if (digits === undefined) return unreadable(text)
    const sizeBytes = Number.parseInt(digits, 16)
    at = lineEnd + 2
    if (sizeBytes === 0) return { text, end: endOfTrailers(received, at) }
    text += received.slice(at, at + sizeBytes)
    at += sizeBytes
    if (received.length < at + 2) return { text, end: undefined }
    if (!received.startsWith('\r\n', at)) return unreadable(text)
    at += 2
  }
}

function endOfTrailers(received: string, at: number): number | undefined {
  if (received.startsWith('\r\n', at)) return at + 2
  const end = received.indexOf('\r\n\r\n', at)
  return end === -1 ? undefined : end + 4
}

/** Has an end, but not that of what came. */
function unreadable(text: string): Body {
  return { text, end: Number.POSITIVE_INFINITY }
}

function idleMs({ minorVersion, headers }: Head): number {
  const options = (headers.get('connection') ?? '').toLowerCase().split(/[\t ]*,[\t ]*/)
  const isPersistent = minorVersion === 1 ? !options.includes('close') : options.includes('keep-alive')
  // Whoever gives both lengths is not to be trusted with another request.
  if (!isPersistent || (headers.has('transfer-encoding') && headers.has('content-length'))) return 0
  const seconds = /\btimeout=(\d{1,6})\b/i.exec(headers.get('keep-alive') ?? '')?.[1]
  return seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds) * 1000
}
