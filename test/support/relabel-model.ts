import { RE2JS } from 're2js'
import type { JobSpec, Label, RelabelRuleSpec, TargetSpec } from '../../shared/target.ts'

/*
 * Relabeling in the plainest words: rule by rule, on a map, by RE2 alone, and without any thought of speed. Shares no code
 * with lib/relabel. Values with newlines are left out.
 */

export type Labels = Map<string, string>

/** A selector as it is meant; `text` is how a rule has it. */
export type ModelSelector = { readonly text: string; readonly groups: readonly (readonly ModelFilter[])[] }
export type ModelFilter = {
  readonly label: string
  readonly sign: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

/** `if` of the specification is the texts of the selectors. */
export type ModelRule = { readonly spec: RelabelRuleSpec; readonly selectors: readonly ModelSelector[] }

/** What rules make of labels; undefined if they are dropped. Without rules nothing is touched. */
export function relabelled(rules: readonly ModelRule[], start: Labels): Labels | undefined {
  if (rules.length === 0) return start
  let labels = start
  for (const { spec, selectors } of rules) {
    const isSelected = selectors.length === 0 || selectors.some(selector => selects(selector, labels))
    if (!isSelected) {
      if (spec.action === 'keep' || spec.action === 'keep_metrics') return undefined
      continue
    }
    const changed = applied(spec, labels)
    if (changed === undefined || changed.size === 0) return undefined
    labels = changed
  }
  return withoutEmpty(labels)
}

export function withoutEmpty(labels: Labels): Labels | undefined {
  const kept = [...labels].filter(([name, value]) => name !== '' && value !== '')
  return kept.length === 0 ? undefined : new Map(kept)
}

const valueIn = (labels: Labels, name: string): string => labels.get(name) ?? ''

function selects({ groups }: ModelSelector, labels: Labels): boolean {
  return groups.some(filters => filters.length > 0 && filters.every(filter => passes(filter, labels)))
}

function passes({ label, sign, value }: ModelFilter, labels: Labels): boolean {
  const found = valueIn(labels, label)
  const equals = label === '__name__' && !labels.has('__name__') ? false : found === value
  if (sign === '=') return equals
  if (sign === '!=') return !equals
  return (matchWhole(value, found) !== undefined) === (sign === '=~')
}

type Match = { readonly groups: readonly string[]; readonly names: Readonly<Record<string, number>> }

function matchWhole(regex: string, text: string): Match | undefined {
  let body = regex
  while (body.startsWith('^')) body = body.slice(1)
  while (body.endsWith('$') && !body.endsWith('\\$')) body = body.slice(0, -1)
  if (isDefault(body)) body = '(.*)'
  const compiled = RE2JS.compile(`^(?:${body})$`, RE2JS.DOTALL)
  const matcher = compiled.matcher(text)
  if (!matcher.find()) return undefined
  const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '')
  return { groups, names: compiled.namedGroups() }
}

const isDefault = (body: string): boolean => ['.*', '(.*)', '(?:.*)', '(?i).*', '(?s).*'].includes(body)

/** As Go's regexp expands. */
function expand(template: string, { groups, names }: Match): string {
  let text = ''
  for (let at = 0; at < template.length; at++) {
    const rest = template.slice(at)
    const reference = /^\$(?:([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/u.exec(rest)
    if (rest.startsWith('$$')) {
      text += '$'
      at++
    } else if (reference === null) {
      text += template[at]
    } else {
      const name = reference[1] ?? reference[2]!
      const isNumber = /^\d+$/.test(name) && (name === '0' || name[0] !== '0')
      text += groups[isNumber ? Number(name) : (names[name] ?? -1)] ?? ''
      at += reference[0].length - 1
    }
  }
  return text
}

function fill(template: string, labels: Labels): string {
  let text = template
  let filled = ''
  for (let open = text.indexOf('{{'); open >= 0; open = text.indexOf('{{')) {
    const close = text.indexOf('}}', open + 2)
    if (close < 0) break
    filled += text.slice(0, open) + valueIn(labels, text.slice(open + 2, close))
    text = text.slice(close + 2)
  }
  return filled + text
}

function replaceAll(regex: string, template: string, text: string): string {
  const compiled = RE2JS.compile(regex)
  let replaced = ''
  let end = 0
  for (const found of compiled.matchAll(text)) {
    const groups = Array.from(found as unknown as (string | undefined)[], group => group ?? '')
    if (groups[0] === '' && found.index === end && end > 0) continue
    replaced += text.slice(end, found.index) + expand(template, { groups, names: compiled.namedGroups() })
    end = found.index! + groups[0]!.length
  }
  return replaced + text.slice(end)
}

function applied(spec: RelabelRuleSpec, labels: Labels): Labels | undefined {
  const { action, sourceLabels, separator, targetLabel, replacement } = spec
  const regex = spec.regex ?? '(.*)'
  const values = sourceLabels.map(name => valueIn(labels, name))
  const joined = values.join(separator)
  const target = valueIn(labels, targetLabel)
  const keepIf = (test: boolean): Labels | undefined => (test ? labels : undefined)
  const set = (name: string, value: string): Labels => new Map(labels).set(name, value)
  switch (action) {
    case 'replace':
      return replaced(spec, regex, joined, labels)
    case 'replace_all': {
      const value = replaceAll(regex, replacement, joined)
      return value === joined ? labels : set(targetLabel, value)
    }
    case 'keep':
      return keepIf(spec.regex === undefined || matchWhole(regex, joined) !== undefined)
    case 'drop':
      return keepIf(spec.regex !== undefined && matchWhole(regex, joined) === undefined)
    case 'keep_metrics':
      return keepIf(spec.regex === undefined || matchWhole(regex, valueIn(labels, '__name__')) !== undefined)
    case 'drop_metrics':
      return keepIf(spec.regex !== undefined && matchWhole(regex, valueIn(labels, '__name__')) === undefined)
    case 'keepequal':
      return keepIf(joined === target)
    case 'dropequal':
      return keepIf(joined !== target)
    case 'keep_if_equal':
      return keepIf(new Set(values).size === 1)
    case 'drop_if_equal':
      return keepIf(new Set(values).size !== 1)
    case 'keep_if_contains':
      return keepIf(values.every(value => target.includes(value)))
    case 'drop_if_contains':
      return keepIf(!values.every(value => target.includes(value)))
    case 'hashmod':
      return set(targetLabel, String(xxh64(Buffer.from(joined)) % BigInt(spec.modulus)))
    case 'lowercase':
      return set(targetLabel, joined.toLowerCase())
    case 'uppercase':
      return set(targetLabel, joined.toUpperCase())
    default:
      return withOtherNames(spec, regex, labels)
  }
}

function replaced(spec: RelabelRuleSpec, regex: string, joined: string, labels: Labels): Labels {
  const match = matchWhole(regex, joined)
  if (match === undefined) return labels
  const { targetLabel, replacement } = spec
  const filled = fill(replacement, labels)
  const isPlain = isDefault(regex.replace(/^\^/, '').replace(/\$$/, '')) && !targetLabel.includes('$')
  const value = isPlain && !replacement.includes('$') && filled !== '$1' ? filled : expand(filled, match)
  return new Map(labels).set(expand(targetLabel, match), value)
}

function withOtherNames(spec: RelabelRuleSpec, regex: string, labels: Labels): Labels {
  const { action, replacement, match: template } = spec
  const changed: Labels = new Map()
  if (action === 'labeldrop' || action === 'labelkeep') {
    for (const [name, value] of labels) {
      if ((matchWhole(regex, name) !== undefined) === (action === 'labelkeep')) changed.set(name, value)
    }
    return changed
  }
  if (action === 'labelmap_all') {
    for (const [name, value] of labels) {
      const renamed = replaceAll(regex, replacement, name)
      if (!changed.get(renamed)) changed.set(renamed, value)
    }
    return changed
  }
  const copy = new Map(labels)
  if (action === 'labelmap') {
    for (const name of labels.keys()) {
      const match = matchWhole(regex, name)
      if (match !== undefined) copy.set(expand(replacement, match), copy.get(name)!)
    }
    return copy
  }
  const parts = template!.split('*').map(text => text.replaceAll('.', '\\.'))
  const found = new RegExp(`^${parts.join('([^.]*)')}$`).exec(valueIn(labels, '__name__'))
  if (found === null) return labels
  for (const { name, value } of spec.labels!) {
    copy.set(
      name,
      value.replaceAll(/\$(\d)|\$\{(\d)\}/g, (text, a?: string, b?: string) => found[Number(a ?? b)] ?? text),
    )
  }
  return copy
}

/** XXH64 with seed 0, as its specification has it. */
function xxh64(bytes: Buffer): bigint {
  const [p1, p2, p3] = [0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn, 0x165667b19e3779f9n]
  const [p4, p5] = [0x85ebca77c2b2ae63n, 0x27d4eb2f165667c5n]
  const u64 = (value: bigint) => BigInt.asUintN(64, value)
  const rotate = (value: bigint, bits: bigint) => u64((value << bits) | (value >> (64n - bits)))
  const round = (acc: bigint, lane: bigint) => u64(rotate(u64(acc + u64(lane * p2)), 31n) * p1)
  let at = 0
  let hash = p5
  if (bytes.length >= 32) {
    const lanes = [u64(p1 + p2), p2, 0n, u64(-p1)]
    for (; at + 32 <= bytes.length; at += 32) {
      for (let lane = 0; lane < 4; lane++) lanes[lane] = round(lanes[lane]!, bytes.readBigUInt64LE(at + 8 * lane))
    }
    hash = [1n, 7n, 12n, 18n].reduce((sum, bits, lane) => u64(sum + rotate(lanes[lane]!, bits)), 0n)
    for (const lane of lanes) hash = u64((hash ^ round(0n, lane)) * p1 + p4)
  }
  hash = u64(hash + BigInt(bytes.length))
  for (; at + 8 <= bytes.length; at += 8) {
    hash = u64(rotate(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * p1 + p4)
  }
  for (; at + 4 <= bytes.length; at += 4) {
    hash = u64(rotate(hash ^ u64(BigInt(bytes.readUInt32LE(at)) * p1), 23n) * p2 + p3)
  }
  for (; at < bytes.length; at++) hash = u64(rotate(hash ^ u64(BigInt(bytes[at]!) * p5), 11n) * p1)
  hash = u64((hash ^ (hash >> 33n)) * p2)
  hash = u64((hash ^ (hash >> 29n)) * p3)
  return hash ^ (hash >> 32n)
}

/** The places where rules apply to a scraped series, and the labels that are added between them. */
export type ModelPlaces = {
  readonly target: Pick<TargetSpec, 'labels'>
  readonly job: Pick<JobSpec, 'externalLabels' | 'honorLabels'>
  readonly metric: readonly ModelRule[]
  readonly remote: readonly ModelRule[]
  readonly view: readonly ModelRule[]
  readonly remoteLabels: readonly Label[]
}

/** Labels of a series of the body as they are sent, in no order; undefined if it is dropped on the way. */
export function sentLabels(name: string, line: readonly Label[], places: ModelPlaces): Labels | undefined {
  const { target, job, metric } = places
  const start: Labels = new Map([['__name__', name], ...line.map(label => [label.name, label.value] as const)])
  const merged = withoutEmpty(given(start, target.labels, job.honorLabels))
  const kept = merged && relabelled(metric, merged)
  return kept && afterScrape(kept, places)
}

/** Likewise of a series that the scrape writes about itself. */
export function sentAutoMetric(name: string, places: ModelPlaces): Labels | undefined {
  return afterScrape(
    new Map([['__name__', name], ...places.target.labels.map(l => [l.name, l.value] as const)]),
    places,
  )
}

function afterScrape(labels: Labels, { job, remote, view, remoteLabels }: ModelPlaces): Labels | undefined {
  const visible = withoutInternal(labels)
  if (visible.size === 0) return undefined
  const scraped = withoutEmpty(given(visible, job.externalLabels, job.honorLabels))
  // Remote write gets them sorted, which matters where two names become one.
  let sent = scraped && new Map([...scraped].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
  for (const rules of [remote, view]) {
    sent = sent && relabelled(rules, sent)
    if (sent !== undefined && rules.length > 0) sent = withoutInternal(sent)
  }
  if (sent === undefined || sent.size === 0) return undefined
  for (const { name, value } of remoteLabels) sent.set(name, value)
  return withoutEmpty(sent)
}

function withoutInternal(labels: Labels): Labels {
  return new Map([...labels].filter(([name]) => name === '__name__' || !name.startsWith('__')))
}

/** Adds labels at the end; who has their names already keeps them by `honorLabels`, or is exported where it stands. */
function given(labels: Labels, more: readonly Label[], honorLabels: boolean): Labels {
  const all = [...labels]
  const exportLabel = (name: string): void => {
    const at = all.findIndex(label => label[0] === name)
    if (at < 0) return
    exportLabel(`exported_${name}`)
    all[at] = [`exported_${name}`, all[at]![1]]
  }
  for (const { name, value } of more) {
    if (honorLabels && labels.has(name)) continue
    exportLabel(name)
    all.push([name, value])
  }
  return new Map(all)
}
