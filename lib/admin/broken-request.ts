import type { Duplex } from 'node:stream'
import { HEADER_BYTES_MAX } from './limits.ts'

/** Answers what never became a request, and closes the connection. */
export function refuseBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, message] = statusOf(error)
  const body = `${message}\n`
  const head = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

function statusOf({ code, message }: NodeJS.ErrnoException): readonly [status: string, message: string] {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const advice = 'give long arguments as a form, by POST'
    return [
      '431 Request Header Fields Too Large',
      `URL and headers have more than ${HEADER_BYTES_MAX} bytes; ${advice}`,
    ]
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['408 Request Timeout', 'the request did not come in full in time']
  return ['400 Bad Request', `not an HTTP request: ${message}`]
}
