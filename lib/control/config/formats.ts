import type { YamlMap, YamlValue } from '../../yaml/value.ts'

/** Media types of the formats that `scrape_protocols` names (https://prometheus.io/docs/instrumenting/content_negotiation/). */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0',
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
}
/** In these an exporter may write names that are not of letters, digits and underscores, or escape them. */
const WITH_ESCAPING: ReadonlySet<string> = new Set(['OpenMetricsText1.0.0', 'PrometheusText1.0.0'])
const PROTOBUF = 'PrometheusProto'

const ESCAPINGS: ReadonlySet<string> = new Set(['allow-utf-8', 'underscores', 'dots', 'values'])
const VALIDATIONS: ReadonlySet<string> = new Set(['utf8', 'legacy'])

/** What one section says about the formats that targets are asked for. */
export type FormatFields = {
  readonly protocols?: readonly string[]
  readonly validation?: string
  readonly escaping?: string
}

/**
 * @throws {ConfigError} on wrong types, and on a format or scheme that is unknown or not supported; if the file is not
 *   read strictly, the latter is a warning, and left out
 */
export function readFormats(map: YamlMap | undefined): FormatFields {
  const protocols = map?.get('scrape_protocols')?.asList().flatMap(readProtocol) ?? []
  const repeated = protocols.find((protocol, index) => protocols.indexOf(protocol) !== index)
  if (repeated !== undefined) throw map!.get('scrape_protocols')!.error(`${repeated} is there twice`)
  const validation = readChoice(map?.get('metric_name_validation_scheme'), VALIDATIONS)
  const escaping = readChoice(map?.get('metric_name_escaping_scheme'), ESCAPINGS)
  return {
    ...(protocols.length > 0 && { protocols }),
    ...(validation !== undefined && { validation }),
    ...(escaping !== undefined && { escaping }),
  }
}

/**
 * Checks `fallback_scrape_protocol`. There is nothing to do for it: a body whose type is missing or unknown is read as
 * text, and all formats of text are one to the parser.
 *
 * @throws {ConfigError}
 */
export function checkFallback(value: YamlValue | undefined): void {
  if (value !== undefined) readProtocol(value)
}

/** The `Accept` header that asks for these formats, the first one most of all; undefined for that of vmagent. */
export function acceptOf({ protocols, validation, escaping }: FormatFields): string | undefined {
  if (protocols === undefined) return undefined
  const scheme = escaping ?? (validation === 'legacy' ? 'underscores' : 'allow-utf-8')
  const types = protocols.map(name => MEDIA_TYPES[name]! + (WITH_ESCAPING.has(name) ? `;escaping=${scheme}` : ''))
  const weightMax = Object.keys(MEDIA_TYPES).length + 2
  return [...types, '*/*'].map((type, index) => `${type};q=0.${weightMax - index}`).join(',')
}

/** The format's name; none if it is left out. */
function readProtocol(value: YamlValue): string[] {
  const name = value.asString()
  if (Object.hasOwn(MEDIA_TYPES, name)) return [name]
  const known = Object.keys(MEDIA_TYPES).join(', ')
  const reason = name === PROTOBUF ? 'is not supported' : 'is unknown'
  value.source.reportUnknownField(
    value.error(`the format ${JSON.stringify(name)} ${reason}; formats that are: ${known}`),
  )
  return []
}

function readChoice(value: YamlValue | undefined, choices: ReadonlySet<string>): string | undefined {
  const text = value?.asString() ?? ''
  if (text === '' || choices.has(text)) return text || undefined
  value!.source.reportUnknownField(value!.error(`${JSON.stringify(text)} is none of ${[...choices].join(', ')}`))
  return undefined
}
