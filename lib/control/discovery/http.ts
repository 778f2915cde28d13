import type { HttpSpec } from '../../../shared/http-spec.ts'
import { type FieldTable, fieldTable, type YamlMap } from '../../yaml/value.ts'
import { HTTP_CLIENT_FIELDS, type JobScope, readHttpClient } from '../config/http-client.ts'
import { readDurationMs } from '../config/scalars.ts'
import { HttpReader, withoutCredentials } from '../http-reader.ts'
import { parseJsonGroups } from './json-groups.ts'
import { type Poll, Poller } from './poller.ts'
import type { DiscoveryConfig, DiscoveryTraffic, EndpointErrors, Provider, TargetGroup } from './provider.ts'

const FIELDS: FieldTable = { ...fieldTable('url', 'refresh_interval'), ...HTTP_CLIENT_FIELDS }

/** One entry of `http_sd_configs`. */
export type HttpSdConfig = DiscoveryConfig & {
  readonly kind: 'http_sd_configs'
  readonly url: string
  readonly http: HttpSpec
  readonly followRedirects: boolean
  readonly intervalMs: number
}

/** Targets that a server lists (https://prometheus.io/docs/prometheus/latest/http_sd/). */
export const httpProvider: Provider<HttpSdConfig> = {
  kind: 'http_sd_configs',
  readConfig: (entry, scope) => {
    const map = entry.asMap().check(FIELDS)
    return {
      kind: 'http_sd_configs',
      url: readUrl(map, scope),
      http: readHttpClient(map, scope),
      followRedirects: map.get('follow_redirects')?.asBoolean() ?? true,
      intervalMs: readDurationMs(map.get('refresh_interval')) || scope.options.discoveryIntervalsMs.http_sd_configs,
    }
  },
  open: (config, { traffic }) => new Poller(new HttpPoll(config, traffic), config.intervalMs),
}

function readUrl(map: YamlMap, { problems }: JobScope): string {
  const field = map.get('url')
  const url = field?.asString() ?? ''
  if (url === '') problems.push(map.value.error('url is missing'))
  else if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    problems.push(field!.error(`${JSON.stringify(url)} is not a valid http or https URL`))
  }
  return url
}

/** Asks for the list. */
class HttpPoll implements Poll {
  readonly #config: HttpSdConfig
  readonly #reader: HttpReader
  readonly #headers: Readonly<Record<string, string>>
  /** What was read last: most of the time it comes again. */
  #text: string | undefined
  #groups: readonly TargetGroup[] = []
  #errors = { fetch: 0, parse: 0 }

  constructor(config: HttpSdConfig, traffic: DiscoveryTraffic) {
    const { http, followRedirects, intervalMs } = config
    this.#config = config
    this.#reader = new HttpReader({ http, followRedirects, traffic })
    this.#headers = {
      Accept: 'application/json',
      'X-Prometheus-Refresh-Interval-Seconds': wholeSeconds(intervalMs),
    }
  }

  get endpoint(): EndpointErrors {
    return { url: withoutCredentials(this.#config.url), ...this.#errors }
  }

  async ask(): Promise<readonly TargetGroup[]> {
    const { url, kind } = this.#config
    const text = await this.#reader.read(url, this.#headers).catch(error => {
      this.#errors.fetch++
      throw error
    })
    if (text === this.#text) return this.#groups
    const source = withoutCredentials(url)
    try {
      this.#groups = parseJsonGroups(source, text).map(({ targets, labels }) => {
        return { kind, source, targets, labels: { ...labels, __meta_url: url } }
      })
    } catch (error) {
      this.#errors.parse++
      throw error
    }
    this.#text = text
    return this.#groups
  }

  close(): void {
    this.#reader.close()
  }
}

/** As vmagent rounds them: half a second to the even side. */
function wholeSeconds(durationMs: number): string {
  const seconds = durationMs / 1000
  const isHalf = seconds % 1 === 0.5
  return String(isHalf ? 2 * Math.round(seconds / 2) : Math.round(seconds))
}
