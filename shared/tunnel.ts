import { isIP, isIPv4, type Socket } from 'node:net'

/** The head of a proxy's answer is short; what is larger is none. */
const HEAD_BYTES_MAX = 16 * 1024
/** Lengths of names and passwords are one byte (RFC 1928, RFC 1929). */
const SOCKS_TEXT_BYTES_MAX = 255

/** Where a tunnel leads to. */
export type TunnelEnd = { readonly host: string; readonly port: number }

/**
 * Asks an HTTP proxy for a tunnel (RFC 9110, 9.3.6) over a connection to it. From then on the socket is one to `end`.
 *
 * @param headers lines for the proxy, each with its CRLF
 * @throws {Error} the proxy refuses, or does not speak HTTP
 */
export async function askForTunnel(socket: Socket, { host, port }: TunnelEnd, headers: string): Promise<void> {
  const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${headers}\r\n`, 'latin1')
  const head = await readHead(socket)
  const status = /^HTTP\/1\.[01] (\d{3})\b.*/.exec(head)
  if (status === null) throw new Error('the proxy does not speak HTTP/1.1')
  if (!status[1]!.startsWith('2')) throw new Error(`the proxy refuses a tunnel to ${authority}: ${status[0]}`)
}

/** Byte by byte, for what follows the head belongs to the tunnel. */
async function readHead(socket: Socket): Promise<string> {
  let head = ''
  while (!head.endsWith('\r\n\r\n')) {
    if (head.length === HEAD_BYTES_MAX) throw new Error('the proxy answers with a head that has no end')
    head += (await readBytes(socket, 1)).toString('latin1')
  }
  return head
}

const VERSION = 5
const NO_AUTHENTICATION = 0
const BY_PASSWORD = 2
const PASSWORD_VERSION = 1
const CONNECT = 1
const IPV4 = 1
const NAME = 3
const IPV6 = 4
const REPLIES: Readonly<Record<number, string>> = {
  1: 'it has failed',
  2: 'its rules do not allow it',
  3: 'the network cannot be reached',
  4: 'the host cannot be reached',
  5: 'the connection is refused',
  6: 'the connection takes too long',
  7: 'it does not know the command',
  8: 'it does not know this type of address',
}

/** Who asks a SOCKS proxy, if that wants to know. */
export type SocksUser = { readonly name: string; readonly password: string }

/**
 * Asks a SOCKS 5 proxy for a connection to `end` (RFC 1928). From then on the socket is that connection. Names are
 * resolved by the proxy.
 *
 * @throws {Error} the proxy refuses, or does not speak SOCKS 5
 */
export async function askForSocks(socket: Socket, end: TunnelEnd, user: SocksUser | undefined): Promise<void> {
  const methods = user === undefined ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, BY_PASSWORD]
  socket.write(Uint8Array.of(VERSION, methods.length, ...methods))
  const [version, method] = await readBytes(socket, 2)
  if (version !== VERSION) throw new Error('the proxy does not speak SOCKS 5')
  if (method === BY_PASSWORD && user !== undefined) await logIn(socket, user)
  else if (method !== NO_AUTHENTICATION) throw new Error('the SOCKS proxy wants a user and a password, or others')

  socket.write(Buffer.concat([Uint8Array.of(VERSION, CONNECT, 0), socksAddress(end)]))
  const [, reply, , addressType] = await readBytes(socket, 4)
  if (reply !== 0) {
    throw new Error(`the SOCKS proxy does not connect to ${end.host}:${end.port}: ${REPLIES[reply!] ?? reply}`)
  }
  const addressBytes = addressType === IPV4 ? 4 : addressType === IPV6 ? 16 : (await readBytes(socket, 1))[0]!
  await readBytes(socket, addressBytes + 2)
}

/** RFC 1929. */
async function logIn(socket: Socket, user: SocksUser): Promise<void> {
  socket.write(Buffer.concat([Uint8Array.of(PASSWORD_VERSION), socksText(user.name), socksText(user.password)]))
  const [, status] = await readBytes(socket, 2)
  if (status !== 0) throw new Error('the SOCKS proxy does not accept this user and password')
}

function socksAddress({ host, port }: TunnelEnd): Buffer {
  const portBytes = Uint8Array.of(port >> 8, port & 0xff)
  if (isIPv4(host)) return Buffer.concat([Uint8Array.of(IPV4, ...host.split('.').map(Number)), portBytes])
  if (isIP(host) === 6) return Buffer.concat([Uint8Array.of(IPV6), ipv6Bytes(host), portBytes])
  return Buffer.concat([Uint8Array.of(NAME), socksText(host), portBytes])
}

/** Length and text. */
function socksText(text: string): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length > SOCKS_TEXT_BYTES_MAX) throw new Error('a name or password is too long for SOCKS 5')
  return Buffer.concat([Uint8Array.of(bytes.length), bytes])
}

function ipv6Bytes(address: string): Buffer {
  // A URL writes the address in hexadecimal groups, with :: for a run of zeros.
  const [left, right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::') as [string, string | undefined]
  const groupsOf = (text: string | undefined) => (text ? text.split(':') : [])
  const zeros = 8 - groupsOf(left).length - groupsOf(right).length
  const groups = [...groupsOf(left), ...Array<string>(right === undefined ? 0 : zeros).fill('0'), ...groupsOf(right)]
  return Buffer.from(groups.map(group => group.padStart(4, '0')).join(''), 'hex')
}

/** Takes exactly so many bytes off a socket that nobody else reads. */
async function readBytes(socket: Socket, bytes: number): Promise<Buffer> {
  for (;;) {
    const taken: Buffer | null = socket.read(bytes)
    if (taken?.length === bytes) return taken
    await moreOf(socket)
  }
}

/** Resolves when a socket has more to read; rejects if it ends or fails instead. */
function moreOf(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed || socket.readableEnded) {
      reject(new Error('the proxy closes the connection'))
      return
    }
    const settle = (outcome: () => void) => {
      socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onError)
      outcome()
    }
    const onReadable = () => settle(resolve)
    const onEnd = () => settle(() => reject(new Error('the proxy closes the connection')))
    const onError = (error: Error) => settle(() => reject(error))
    socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onError)
  })
}
