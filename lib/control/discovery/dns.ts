import { lookup, Resolver } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import { fieldTable, type YamlMap } from '../../yaml/value.ts'
import type { JobScope } from '../config/http-client.ts'
import { readDurationMs } from '../config/scalars.ts'
import type { Limiter } from '../limiter.ts'
import { DiscoveryFailed } from './error.ts'
import { type Poll, Poller } from './poller.ts'
import type { DiscoveryConfig, Provider, TargetGroup } from './provider.ts'

const FIELDS = fieldTable('names', 'type', 'port', 'refresh_interval')
const TYPES = ['SRV', 'A', 'AAAA', 'MX', 'NS'] as const
type RecordType = (typeof TYPES)[number]

/** Where mail is delivered (RFC 5321). */
const MX_PORT_DEFAULT = 25
const PORT_MAX = 65535
const LOOKUP_TIMEOUT_MS = 10_000

/** One entry of `dns_sd_configs`. */
export type DnsSdConfig = DiscoveryConfig & {
  readonly kind: 'dns_sd_configs'
  readonly names: readonly string[]
  readonly type: RecordType
  /** 0 with SRV records, which say it themselves. */
  readonly port: number
  readonly intervalMs: number
}

/** Targets that the domain name system tells of. */
export const dnsProvider: Provider<DnsSdConfig> = {
  kind: 'dns_sd_configs',
  readConfig: (entry, scope) => {
    const map = entry.asMap().check(FIELDS)
    const names = map.get('names')?.asStrings() ?? []
    if (names.length === 0) scope.problems.push(map.value.error('names is missing'))
    const type = readType(map, scope)
    return {
      kind: 'dns_sd_configs',
      names,
      type,
      port: readPort(map, type, scope),
      intervalMs: readDurationMs(map.get('refresh_interval')) || scope.options.discoveryIntervalsMs.dns_sd_configs,
    }
  },
  open: (config, { lookups }) => new Poller(new DnsPoll(config, new SystemDns(lookups)), config.intervalMs),
}

function readType(map: YamlMap, { problems }: JobScope): RecordType {
  const field = map.get('type')
  const text = field?.asString() ?? ''
  const type = text === '' ? 'SRV' : TYPES.find(known => known === text.toUpperCase())
  if (type === undefined)
    problems.push(field!.error(`unknown type ${JSON.stringify(text)}; known: ${TYPES.join(', ')}`))
  return type ?? 'SRV'
}

function readPort(map: YamlMap, type: RecordType, { problems }: JobScope): number {
  const field = map.get('port')
  const port = field?.asInteger()
  if (type === 'SRV') return 0
  if (port === undefined) {
    if (type === 'MX') return MX_PORT_DEFAULT
    problems.push(map.value.error(`port is missing; records of type ${type} do not tell it`))
  } else if (port < 1 || port > PORT_MAX) {
    problems.push(field!.error(`${port} is no port; it is a number from 1 to ${PORT_MAX}`))
  }
  return port ?? 0
}

/** The questions that are asked. Errors have the codes of `node:dns`. */
export interface DnsQueries {
  srv(name: string): Promise<readonly { readonly name: string; readonly port: number }[]>
  mx(name: string): Promise<readonly { readonly exchange: string }[]>
  ns(name: string): Promise<readonly string[]>
  addresses(name: string, family: 4 | 6): Promise<readonly string[]>
  /** Ends what is under way. */
  close(): void
}

/**
 * Asks for all names. One that cannot be asked for keeps the targets that it had; one that does not exist, or has no
 * record of the type, has none.
 */
export class DnsPoll implements Poll {
  readonly #config: DnsSdConfig
  readonly #dns: DnsQueries
  readonly #known = new Map<string, readonly TargetGroup[]>()

  constructor(config: DnsSdConfig, dns: DnsQueries) {
    this.#config = config
    this.#dns = dns
  }

  async ask(tell: (problem: string) => void): Promise<readonly TargetGroup[]> {
    const problems: string[] = []
    await Promise.all(
      this.#config.names.map(async name => {
        try {
          this.#known.set(name, await this.#askFor(name, tell))
        } catch (error) {
          problems.push(`${this.#config.type} records of ${name}: ${(error as Error).message}`)
        }
      }),
    )
    if (problems.length > 0 && problems.length === this.#config.names.length) throw new DiscoveryFailed(problems[0]!)
    for (const problem of problems) tell(problem)
    return this.#config.names.flatMap(name => this.#known.get(name) ?? [])
  }

  close(): void {
    this.#dns.close()
  }

  async #askFor(name: string, tell: (problem: string) => void): Promise<TargetGroup[]> {
    try {
      const groups = await this.#groupsOf(name)
      // Servers give records in another order each time.
      return groups.sort((a, b) => (a.targets[0]! < b.targets[0]! ? -1 : 1))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOTFOUND' && code !== 'ENODATA') throw error
      if (code === 'ENOTFOUND') tell(`${this.#config.type} records of ${name}: there is no such name`)
      return []
    }
  }

  async #groupsOf(name: string): Promise<TargetGroup[]> {
    const { type, port } = this.#config
    switch (type) {
      case 'SRV': {
        const records = await this.#dns.srv(name)
        return records.map(record => this.#withPort(name, bare(record.name), record.port))
      }
      case 'MX': {
        const records = await this.#dns.mx(name)
        const hosts = records.map(record => bare(record.exchange))
        return hosts.map(host => this.#group(name, joinHostPort(host, port), { __meta_dns_mx_record_target: host }))
      }
      case 'NS': {
        const hosts = (await this.#dns.ns(name)).map(bare)
        return hosts.map(host => this.#group(name, joinHostPort(host, port), { __meta_dns_ns_record_target: host }))
      }
      case 'A':
      case 'AAAA': {
        const addresses = await this.#dns.addresses(name, type === 'A' ? 4 : 6)
        return addresses.map(address => this.#withPort(name, address, port))
      }
    }
  }

  /** With the labels of SRV records, which vmagent gives to addresses too. */
  #withPort(name: string, host: string, port: number): TargetGroup {
    const labels = { __meta_dns_srv_record_target: host, __meta_dns_srv_record_port: String(port) }
    return this.#group(name, joinHostPort(host, port), labels)
  }

  #group(name: string, address: string, labels: Readonly<Record<string, string>>): TargetGroup {
    return {
      kind: 'dns_sd_configs',
      source: name,
      targets: [address],
      labels: { __meta_dns_name: name, ...labels },
    }
  }
}

/** Asks the name servers of the system; for addresses whatever else the system looks at, such as its file of hosts. */
export class SystemDns implements DnsQueries {
  readonly #lookups: Limiter
  readonly #servers: readonly string[] | undefined
  readonly #running = new Set<Resolver>()

  /** @param lookups addresses are asked for by threads that are few and wait: those who share them take turns */
  constructor(lookups: Limiter, servers?: readonly string[]) {
    this.#lookups = lookups
    this.#servers = servers
  }

  srv(name: string) {
    return this.#resolve(resolver => resolver.resolveSrv(name))
  }

  mx(name: string) {
    return this.#resolve(resolver => resolver.resolveMx(name))
  }

  ns(name: string) {
    return this.#resolve(resolver => resolver.resolveNs(name))
  }

  async addresses(name: string, family: 4 | 6): Promise<string[]> {
    const found = await this.#lookups.run(() => lookup(name, { all: true, family }))
    return [...new Set(found.map(({ address }) => address))]
  }

  close(): void {
    for (const resolver of this.#running) resolver.cancel()
  }

  /** Each question has a resolver of its own, so that it can be given up alone. */
  async #resolve<T>(ask: (resolver: Resolver) => Promise<T>): Promise<T> {
    const resolver = new Resolver()
    if (this.#servers !== undefined) resolver.setServers(this.#servers)
    const timer = setTimeout(() => resolver.cancel(), LOOKUP_TIMEOUT_MS)
    this.#running.add(resolver)
    try {
      return await ask(resolver)
    } finally {
      clearTimeout(timer)
      this.#running.delete(resolver)
    }
  }
}

/** Without the dots that end it. */
function bare(name: string): string {
  return name.replace(/\.+$/, '')
}

function joinHostPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}
