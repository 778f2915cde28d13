import type { AuthSpec, HttpSpec, Secret, TlsSpec } from '../../shared/http-spec.ts'
import type { DestinationSpec, WriterOptions } from '../../shared/protocol.ts'
import { memoryBudgetBytes } from '../control/memory-limit.ts'
import { FlagError } from './flag-error.ts'
import type { FlagName, FlagNameOf } from './flag-table.ts'
import type { Flags } from './flags.ts'

/** Part of the memory budget that undelivered blocks may take; target blocks, rings and heaps need the rest. */
const QUEUE_SHARE = 0.5
const HEADER_SEPARATOR = '^^'

/**
 * The destinations that the flags describe, in the order of their URLs.
 *
 * @param budgetBytes memory that all data of the process may take
 * @throws {FlagError} if there is no URL, one is not usable, or its credentials contradict each other
 */
export function toDestinations(flags: Flags, budgetBytes = memoryBudget(flags)): readonly DestinationSpec[] {
  const urls = flags.strings('remoteWrite.url')
  if (urls.length === 0) throw new FlagError('no destination: set -remoteWrite.url')
  const queueBytesMax = Math.max(
    Math.floor((budgetBytes * QUEUE_SHARE) / urls.length),
    flags.bytes('remoteWrite.maxBlockSize'), // at least one block must fit
  )
  return urls.map((text, index) => {
    const { url, auth } = splitUrl(text, index)
    const retryMaxMs = retryMax(flags, index)
    return {
      url,
      name: `${index + 1}:${flags.bool('remoteWrite.showURL') ? url : 'secret-url'}`,
      http: toHttpSpec(flags, index, auth),
      sendTimeoutMs: flags.durationMsForUrl('remoteWrite.sendTimeout', index),
      retryMinMs: Math.min(flags.durationMsForUrl('remoteWrite.retryMinInterval', index), retryMaxMs),
      retryMaxMs,
      queues: Math.max(flags.intForUrl('remoteWrite.queues', index), 1), // vmagent takes 0 for 1, too
      queueBytesMax,
    }
  })
}

/** The options of the writer that do not depend on the destination. */
export function toWriterOptions(flags: Flags): WriterOptions {
  return {
    flushIntervalMs: flags.durationMs('remoteWrite.flushInterval'),
    blockRawBytesMax: flags.bytes('remoteWrite.maxBlockSize'),
    blockSamplesMax: flags.int('remoteWrite.maxRowsPerBlock'),
  }
}

/** Bytes that all data of the process may take. */
export function memoryBudget(flags: Flags): number {
  const allowedBytes = flags.bytes('memory.allowedBytes')
  return memoryBudgetBytes({ allowedBytes, allowedPercent: flags.float('memory.allowedPercent') })
}

/** Takes user and password out of the URL: HTTP clients do not agree on what they mean there. */
function splitUrl(text: string, index: number): { url: string; auth: AuthSpec | undefined } {
  const place = `-remoteWrite.url number ${index + 1}`
  const url = URL.parse(text)
  // The text is not shown: it may hold a password.
  if (url === null) throw new FlagError(`${place} is not a URL; write http://host:port/path or https://...`)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new FlagError(`${place} begins with ${url.protocol} instead of http: or https:`)
  }
  if (url.username === '' && url.password === '') return { url: text, auth: undefined }
  const auth = basicAuth(decode(url.username), decode(url.password))
  url.username = ''
  url.password = ''
  return { url: url.href, auth }
}

/** Text with a broken escape means itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function basicAuth(username: string, password: string): AuthSpec {
  return { type: 'basic', username: { value: username }, password: { value: password } }
}

/** The old name counts only where the new one is not given at all. */
function retryMax(flags: Flags, index: number): number {
  const useOld = flags.isSet('remoteWrite.retryMaxTime') && !flags.isSet('remoteWrite.retryMaxInterval')
  return flags.durationMsForUrl(useOld ? 'remoteWrite.retryMaxTime' : 'remoteWrite.retryMaxInterval', index)
}

function toHttpSpec(flags: Flags, index: number, urlAuth: AuthSpec | undefined): HttpSpec {
  const auth = toAuth(flags, index) ?? urlAuth
  const tls = toTls(flags, index)
  return {
    headers: toHeaders(flags.stringForUrl('remoteWrite.headers', index), index),
    ...(auth === undefined ? {} : { auth }),
    ...(tls === undefined ? {} : { tls }),
  }
}

function toAuth(flags: Flags, index: number): AuthSpec | undefined {
  const secret = (value: FlagNameOf<'array<string>'>, file: FlagNameOf<'array<string>'>): Secret | undefined =>
    valueOrFile(flags, index, value, file)
  const username = secret('remoteWrite.basicAuth.username', 'remoteWrite.basicAuth.usernameFile')
  const password = secret('remoteWrite.basicAuth.password', 'remoteWrite.basicAuth.passwordFile')
  const token = secret('remoteWrite.bearerToken', 'remoteWrite.bearerTokenFile')
  const hasBasic = username !== undefined || password !== undefined
  if (hasBasic && token !== undefined) {
    throw new FlagError(
      `-remoteWrite.basicAuth.* and -remoteWrite.bearerToken* are both set for destination ${index + 1}; leave one empty`,
    )
  }
  if (token !== undefined) return { type: 'authorization', scheme: 'Bearer', credentials: token }
  if (!hasBasic) return undefined
  return { type: 'basic', username: username ?? { value: '' }, password: password ?? { value: '' } }
}

function valueOrFile(
  flags: Flags,
  index: number,
  valueName: FlagNameOf<'array<string>'>,
  fileName: FlagNameOf<'array<string>'>,
): Secret | undefined {
  const value = flags.stringForUrl(valueName, index)
  const file = flags.stringForUrl(fileName, index)
  if (value !== '' && file !== '') {
    throw new FlagError(`-${valueName} and -${fileName} are both set for destination ${index + 1}; leave one empty`)
  }
  if (file !== '') return { file: localPath(file, fileName, index) }
  return value === '' ? undefined : { value }
}

/** vmagent also fetches such files. */
function localPath(path: string, flag: FlagName, index: number): string {
  if (!/^https?:\/\//i.test(path)) return path
  throw new FlagError(`-${flag} of destination ${index + 1} is a URL; only files are read`)
}

function toTls(flags: Flags, index: number): TlsSpec | undefined {
  const path = (name: FlagNameOf<'array<string>'>) => localPath(flags.stringForUrl(name, index), name, index)
  const ca = path('remoteWrite.tlsCAFile')
  const cert = path('remoteWrite.tlsCertFile')
  const key = path('remoteWrite.tlsKeyFile')
  const serverName = flags.stringForUrl('remoteWrite.tlsServerName', index)
  const insecureSkipVerify = flags.boolForUrl('remoteWrite.tlsInsecureSkipVerify', index)
  if ((cert === '') !== (key === '')) {
    throw new FlagError(
      `-remoteWrite.tlsCertFile and -remoteWrite.tlsKeyFile belong together; destination ${index + 1} has only one`,
    )
  }
  if (ca === '' && cert === '' && serverName === '' && !insecureSkipVerify) return undefined
  return {
    insecureSkipVerify,
    ...(ca === '' ? {} : { ca: { file: ca } }),
    ...(cert === '' ? {} : { cert: { file: cert }, key: { file: key } }),
    ...(serverName === '' ? {} : { serverName }),
  }
}

function toHeaders(text: string, index: number): HttpSpec['headers'] {
  if (text === '') return []
  return text.split(HEADER_SEPARATOR).map(header => {
    const [, name, value] = /^\s*([!#$%&'*+\-.^`|~\w]+)\s*:\s*([^\r\n\0]*?)\s*$/.exec(header) ?? []
    if (name !== undefined && value !== undefined) return [name, value]
    // The header is not shown: it may hold a secret.
    throw new FlagError(
      `-remoteWrite.headers of destination ${index + 1} has a header that is not name:value; put ^^ between headers`,
    )
  })
}
