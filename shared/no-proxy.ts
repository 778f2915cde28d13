import { BlockList, isIP } from 'node:net'

type Rule = (host: string, port: string) => boolean

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * Compiles a list as the environment variable NO_PROXY has it: hosts, separated by commas, each with a port or without.
 * A name stands for itself and its subdomains, with a dot in front for these alone; addresses may be networks, such as
 * `10.0.0.0/8`; `*` stands for all. This machine is always among them, unless the list is empty.
 *
 * @returns whether a URL is to be asked without a proxy
 */
export function compileNoProxy(list: string): (url: URL) => boolean {
  const rules = list
    .split(',')
    .map(entry => entry.trim().toLowerCase())
    .filter(entry => entry !== '')
    .map(compileRule)
  if (rules.length === 0) return () => false
  return url => {
    const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
    const port = url.port || (url.protocol === 'https:' ? '443' : '80')
    return isThisMachine(host) || rules.some(applies => applies(host, port))
  }
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || (isIP(host) !== 0 && LOOPBACK.check(host, familyOf(host)))
}

function compileRule(entry: string): Rule {
  if (entry === '*') return () => true
  const { name, port } = splitPort(entry)
  const hosts = isIP(name.split('/')[0]!) === 0 ? nameRule(name) : addressRule(name)
  return (host, hostPort) => (port === '' || port === hostPort) && hosts(host)
}

function nameRule(name: string): (host: string) => boolean {
  const domain = name.replace(/^\*?\./, '')
  const isDomainItself = domain === name
  return host => host.endsWith(`.${domain}`) || (isDomainItself && host === domain)
}

function addressRule(address: string): (host: string) => boolean {
  const [network, bits] = address.split('/') as [string, string | undefined]
  const list = new BlockList()
  const width = isIP(network) === 6 ? 128 : 32
  const prefix = bits === undefined ? width : Number(bits)
  if (!(Number.isInteger(prefix) && prefix >= 0 && prefix <= width)) return () => false
  list.addSubnet(network, prefix, familyOf(network))
  return host => isIP(host) !== 0 && list.check(host, familyOf(host))
}

/** `host:80`, `[::1]:80`, or either without a port; an address of IPv6 may lack its brackets then. */
function splitPort(entry: string): { name: string; port: string } {
  const [, bracketed, name = bracketed ?? entry, port = ''] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? []
  return { name, port }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
