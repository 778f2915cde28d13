import type { RequestHeaders } from './job-headers.ts'

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** No control characters but tabs; one character stands for one byte. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Which header HTTP does not allow (RFC 9110, 5.5), as a sentence; undefined if all are fine. */
export function headerFault(headers: RequestHeaders): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!
    if (!NAME.test(name)) return `the request header ${JSON.stringify(name)} has no proper name`
    if (!VALUE.test(headers[index + 1]!)) return `the value of the request header ${name} has control characters`
  }
  return undefined
}

/**
 * A GET request (RFC 9112) in which one character stands for one byte.
 *
 * @param path with query, as a URL has it: no blanks
 * @param host of the URL; a `Host` among the headers takes its place, and a `Connection` that of ours
 */
export function requestText(path: string, host: string, headers: RequestHeaders, keepAlive: boolean): string {
  let hostValue = host
  let connection = keepAlive ? 'keep-alive' : 'close'
  let lines = ''
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!
    const value = headers[index + 1]!
    const lowerName = name.toLowerCase()
    if (lowerName === 'host') hostValue = value
    else if (lowerName !== 'connection') lines += `${name}: ${value}\r\n`
    else if (keepAlive) connection = value
  }
  return `GET ${path} HTTP/1.1\r\nhost: ${hostValue}\r\nconnection: ${connection}\r\n${lines}\r\n`
}
