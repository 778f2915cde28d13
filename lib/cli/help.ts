import { definitionOf, FLAG_NAMES, type FlagArea, type FlagName } from './flag-table.ts'
import { defaultText, isList } from './flag-value.ts'
import { versionText } from './version.ts'

const TITLES: Readonly<Record<FlagArea, string>> = {
  scrape: 'Scraping',
  discovery: 'Discovery',
  cluster: 'Sharing targets among agents',
  relabel: 'Relabeling',
  streamaggr: 'Stream aggregation',
  'push-ingest': 'Taking pushed metrics',
  remotewrite: 'Remote write',
  queue: 'Queue',
  'tls-auth': 'TLS and authentication',
  'http-server': 'HTTP server',
  limits: 'Limits',
  memory: 'Memory',
  logging: 'Logging',
  other: 'Other',
}

/** What `-help` prints, without a newline at the end: every flag that works, and the names of those that are refused. */
export function helpText(): string {
  const names = FLAG_NAMES.filter(name => definitionOf(name).implemented)
  const refused = FLAG_NAMES.filter(name => !definitionOf(name).implemented)
  const sections = Object.entries(TITLES).map(([area, title]) => {
    const entries = names.filter(name => definitionOf(name).area === area).map(entry)
    return entries.length === 0 ? [] : [[`${title}:`, ...entries].join('\n')]
  })
  return [
    `${versionText()}: scrapes Prometheus targets and forwards what they say by remote write.`,
    ['Usage:', '  penstock -remoteWrite.url=URL -promscrape.config=FILE [flags]', '  penstock demo [--seconds N]'].join(
      '\n',
    ),
    'Flags are written -name=value, -name value or with two dashes; flags without a type need no value. Give lists as\n' +
      'a,b or by repeating the flag; with several -remoteWrite.url, item i of a list marked "per URL" belongs to URL i\n' +
      'and a single item to all. %{NAME} anywhere stands for that environment variable.',
    ...sections.flat(),
    `Flags of vmagent that this version refuses:\n${wrap(refused)}`,
  ].join('\n\n')
}

function entry(name: FlagName): string {
  const definition = definitionOf(name)
  const { type, choices, description = '' } = definition
  const placeholder = choices?.join('|') ?? (type === 'bool' ? '' : isList(definition) ? type.slice(6, -1) : type)
  const value = defaultText(definition)
  const notes = [
    ...(isList(definition) ? [definition.perUrl ? 'list, per URL' : 'list'] : []),
    ...(value === '' || value === 'false' ? [] : [`default ${value}`]),
  ]
  const suffix = notes.length === 0 ? '' : ` (${notes.join('; ')})`
  return `  -${name}${placeholder === '' ? '' : ` ${placeholder}`}\n      ${description}${suffix}`
}

/** Names as indented lines of at most 100 characters. */
function wrap(names: readonly FlagName[]): string {
  const lines: string[] = []
  let line = ' '
  for (const name of names) {
    if (line.length + name.length > 98) {
      lines.push(line)
      line = ' '
    }
    line += ` -${name}`
  }
  return [...lines, line].join('\n')
}
