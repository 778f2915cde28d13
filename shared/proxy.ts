import { addAbortListener } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import querystring from 'node:querystring'
import type { ProxySpec } from './http-spec.ts'
import { compileNoProxy } from './no-proxy.ts'
import { TlsMaterial } from './tls.ts'
import { askForSocks, askForTunnel, type SocksUser, type TunnelEnd } from './tunnel.ts'

/**
 * How requests for a server travel: straight to it; to the proxy, which passes them on; or to it through a tunnel that
 * the proxy opens.
 */
export type Route = 'direct' | 'forward' | 'tunnel'

/** Gives the value of an `Authorization` header, as {Authorizer} does. */
export type Credentials = { ready(): Promise<void> | undefined; header(): string }

/** Silent connections are probed, so that the next request does not find out that the other side is gone. */
const KEEP_ALIVE_PROBE_MS = 15_000

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** A proxy, and what is needed to go through it. Holds no connection. */
export class ProxyClient {
  readonly url: URL
  readonly #spec: ProxySpec
  readonly #credentials: Credentials | undefined
  readonly #closing: AbortSignal | undefined
  readonly #isExempt: (url: URL) => boolean
  readonly #tls: TlsMaterial | undefined
  #authorization: string | undefined
  #headers: readonly string[] | undefined

  /**
   * @param credentials made of `spec.auth`
   * @param closing ends what is being opened
   */
  constructor(spec: ProxySpec, credentials?: Credentials, closing?: AbortSignal) {
    this.#spec = spec
    this.#closing = closing
    this.url = new URL(spec.url)
    this.#credentials = credentials
    this.#isExempt = compileNoProxy(spec.noProxy)
    this.#tls = this.isTls ? new TlsMaterial(spec.tls ?? { insecureSkipVerify: false }, closing) : undefined
  }

  /** The proxy itself is reached over TLS. */
  get isTls(): boolean {
    return this.url.protocol === 'https:' || this.url.protocol === 'tls+socks5:'
  }

  routeTo(url: URL): Route {
    if (this.#isExempt(url)) return 'direct'
    return url.protocol === 'http:' && !this.#isSocks ? 'forward' : 'tunnel'
  }

  /** What has to be awaited before anything goes through the proxy; see {Authorizer.ready}. */
  ready(): Promise<void> | undefined {
    return this.#credentials?.ready()
  }

  /**
   * Headers for the proxy with each request that it passes on, names and values in turn; the same list as long as
   * nothing changes.
   *
   * @throws {SecretUnreadable | TokenUnavailable} retryable
   */
  headers(): readonly string[] {
    const authorization = userAuthorization(this.url) ?? this.#credentials?.header()
    if (this.#headers === undefined || authorization !== this.#authorization) {
      this.#authorization = authorization
      this.#headers = [
        ...this.#spec.headers.flat(),
        ...(authorization === undefined ? [] : ['Proxy-Authorization', authorization]),
      ]
    }
    return this.#headers
  }

  /**
   * Opens a connection to `end` through the proxy.
   *
   * @throws {Error} the proxy cannot be reached or refuses, or all that takes longer than `timeoutMs`
   */
  async open(end: TunnelEnd, timeoutMs: number): Promise<Socket> {
    await Promise.all([this.ready(), this.#tls?.ready()])
    this.#closing?.throwIfAborted()
    const socket = this.#connect()
    using _ =
      this.#closing && addAbortListener(this.#closing, () => socket.destroy(new Error('it is not wanted any more')))
    const timer = setTimeout(() => {
      socket.destroy(new Error(`the proxy ${this.url.host} opens no connection within ${timeoutMs} ms`))
    }, timeoutMs)
    try {
      await opened(socket, this.#tls === undefined ? 'connect' : 'secureConnect')
      if (this.#isSocks) await askForSocks(socket, end, socksUser(this.url))
      else await askForTunnel(socket, end, this.#connectLines())
      return socket
    } catch (error) {
      socket.destroy()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  get #isSocks(): boolean {
    return this.url.protocol === 'socks5:' || this.url.protocol === 'tls+socks5:'
  }

  #connect(): Socket {
    const host = this.url.hostname.replace(/^\[|\]$/g, '')
    const port = Number(this.url.port) || (this.#isSocks ? 1080 : this.isTls ? 443 : 80)
    const options = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS }
    if (this.#tls === undefined) return connect(options)
    const servername = isIP(host) === 0 ? { servername: host } : {}
    // Loaded here, where TLS is sure to be wanted.
    const tls = process.getBuiltinModule('node:tls')
    return tls.connect({ ...options, ALPNProtocols: ['http/1.1'], ...servername, ...this.#tls.connectOptions() })
  }

  /** @throws {Error} a header that HTTP does not allow */
  #connectLines(): string {
    const headers = [...this.headers(), ...this.#spec.connectHeaders.flat()]
    let lines = ''
    for (let index = 0; index < headers.length; index += 2) {
      const name = headers[index]!
      const value = Buffer.from(headers[index + 1]!).toString('latin1')
      if (!NAME.test(name) || /[\r\n\0]/.test(value)) throw new Error(`the header ${name} for the proxy is not allowed`)
      lines += `${name}: ${value}\r\n`
    }
    return lines
  }
}

function opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => {
      socket.off('error', reject)
      resolve()
    })
    socket.once('error', reject)
  })
}

/** Basic authentication by `http://user:password@host/`; undefined if the URL names no user. */
export function userAuthorization({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  return `Basic ${Buffer.from(`${decode(username)}:${decode(password)}`).toString('base64')}`
}

function socksUser({ username, password }: URL): SocksUser | undefined {
  return username === '' ? undefined : { name: decode(username), password: decode(password) }
}

/** Unlike decodeURIComponent it leaves a lone percent sign as it is. */
function decode(text: string): string {
  return querystring.unescape(text)
}
