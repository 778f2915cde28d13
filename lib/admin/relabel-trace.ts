import type { Label, RelabelRuleSpec } from '../../shared/target.ts'
import { buildUrl } from '../control/target-url.ts'
import { publicLabels } from '../control/targets.ts'
import { compileRules } from '../relabel/compile.ts'
import { copyLabels, dropInternal, labelValue, type MutableLabel, setLabel } from '../relabel/labels.ts'
import { parseRules } from '../relabel/parse-rules.ts'
import { writeRule } from '../relabel/write-rules.ts'
import { ConfigError } from '../yaml/error.ts'
import { parseYaml } from '../yaml/source.ts'
import type { YamlMap } from '../yaml/value.ts'
import { BadRequest } from './bad-request.ts'

/** Rules that somebody wrote, and each of them as text in one layout. */
export type DebugRules = { readonly rules: readonly RelabelRuleSpec[]; readonly texts: readonly string[] }

/** What a rule, or what follows after the rules, makes of labels. None left means that they are dropped. */
export type RelabelStep = { readonly rule: string; readonly before: readonly Label[]; readonly after: readonly Label[] }

export type RelabelTrace = {
  readonly original: readonly Label[]
  readonly steps: readonly RelabelStep[]
  readonly result: readonly Label[]
}

/** A trace of the relabeling of a target. */
export type TargetTrace = RelabelTrace & {
  /** What would be scraped, or why nothing would. */
  readonly url: string | undefined
  readonly problem: string | undefined
}

/** Rules can make labels grow, and take their time. Anyone may ask for them here, so there is an end to it. */
const TRACE_CHARACTERS_MAX = 4 * 2 ** 20
const LABEL_CHARACTERS_MAX = 64 * 1024
const TRACE_MS_MAX = 1000
/** Of one rule: labels that it joins, and references of its replacement. */
const SOURCE_LABELS_MAX = 32
const REFERENCES_MAX = 32

/** @throws {BadRequest} with line and column */
export function readDebugRules(yaml: string): DebugRules {
  try {
    const { root } = parseYaml('relabel_configs', yaml, { strict: true, refuseAliases: true })
    const { rules, problems } = parseRules(root)
    if (problems.length > 0) throw problems[0]
    const maps = root.asList().map(item => item.asMap())
    for (const [index, map] of maps.entries()) checkGrowth(map, rules[index]!)
    return { rules, texts: maps.map(writeRule) }
  } catch (cause) {
    if (cause instanceof ConfigError) throw new BadRequest(cause.message, { cause })
    if (cause instanceof RangeError) throw new BadRequest('relabel_configs: nested too deeply', { cause })
    throw cause
  }
}

/** @throws {ConfigError} one application could multiply the labels */
function checkGrowth(map: YamlMap, { sourceLabels, replacement }: RelabelRuleSpec): void {
  if (sourceLabels.length > SOURCE_LABELS_MAX) {
    throw map.get('source_labels')!.error(`at most ${SOURCE_LABELS_MAX} labels are taken here`)
  }
  if (replacement.split(/\$|\{\{/).length > REFERENCES_MAX + 1) {
    throw map.get('replacement')!.error(`at most ${REFERENCES_MAX} references are taken here`)
  }
}

/**
 * Takes a series through metric relabeling, by the code that scrapes use.
 *
 * @throws {BadRequest} it comes to too much
 */
export function traceMetric(rules: DebugRules, original: readonly Label[]): RelabelTrace {
  const tracer = new Tracer(original)
  if (tracer.applyRules(rules)) {
    dropInternal(tracer.labels)
    tracer.noteIfChanged('remove labels with __ prefix except of __name__')
  }
  return { original, steps: tracer.steps, result: tracer.latest }
}

/**
 * Takes a target through relabeling, by the code that discovery uses.
 *
 * @param params of its job
 * @throws {BadRequest} it comes to too much
 */
export function traceTarget(
  rules: DebugRules,
  original: readonly Label[],
  params: Parameters<typeof buildUrl>[1],
): TargetTrace {
  const tracer = new Tracer(original)
  const { steps, labels } = tracer
  if (!tracer.applyRules(rules))
    return { original, steps, result: [], url: undefined, problem: 'dropped by relabeling' }
  const url = buildUrl(labels, params)
  if (url !== undefined && 'instance' in url && labelValue(labels, 'instance') === '') {
    setLabel(labels, 'instance', url.instance)
    tracer.noteIfChanged('add missing instance label from __address__ label')
  }
  labels.splice(0, labels.length, ...copyLabels(publicLabels(labels)))
  tracer.noteIfChanged('remove labels with __ prefix')
  const problem = url === undefined ? 'missing scrape URL' : 'problem' in url ? url.problem : undefined
  return { original, steps, result: tracer.latest, url: url && 'href' in url ? url.href : undefined, problem }
}

/** Labels on their way, and what they were after each step. */
class Tracer {
  readonly labels: MutableLabel[]
  readonly steps: RelabelStep[] = []
  latest: readonly Label[]
  readonly #startedMs = performance.now()
  #characters = 0

  constructor(labels: readonly Label[]) {
    this.labels = copyLabels(labels)
    this.latest = copyLabels(labels)
    this.#checkSize()
  }

  /** False if the labels are dropped. */
  applyRules({ rules, texts }: DebugRules): boolean {
    try {
      for (const { rule, labels } of compileRules(rules).trace(this.labels)) {
        this.labels.splice(0, this.labels.length, ...copyLabels(labels ?? []))
        this.#note(texts[rule] ?? 'remove empty labels', this.labels)
        if (labels === undefined) return false
      }
      return true
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause
      throw new BadRequest(`relabel_configs: a label of step ${this.steps.length + 1} is too long`, { cause })
    }
  }

  /** For steps that are told only if they do something. */
  noteIfChanged(step: string): void {
    const { labels, latest } = this
    const isSame =
      labels.length === latest.length && latest.every(({ name, value }) => labels.some(sameAs({ name, value })))
    if (!isSame) this.#note(step, labels)
  }

  #note(rule: string, after: readonly Label[]): void {
    const before = this.latest
    this.latest = copyLabels(after)
    this.steps.push({ rule, before, after: this.latest })
    this.#checkSize()
    if (performance.now() - this.#startedMs > TRACE_MS_MAX) {
      throw new BadRequest(`relabel_configs: step ${this.steps.length} is not done after ${TRACE_MS_MAX} ms`)
    }
  }

  #checkSize(): void {
    const characters = this.latest.reduce((sum, { name, value }) => sum + name.length + value.length, 0)
    this.#characters += characters
    if (characters > LABEL_CHARACTERS_MAX) {
      throw new BadRequest(
        `metric: labels of more than ${LABEL_CHARACTERS_MAX} characters after step ${this.steps.length}`,
      )
    }
    if (this.#characters > TRACE_CHARACTERS_MAX) {
      throw new BadRequest(
        `relabel_configs: ${this.steps.length} steps come to more than can be shown; take fewer rules`,
      )
    }
  }
}

/** Tests whether a label is the same. */
export function sameAs({ name, value }: Label): (other: Label) => boolean {
  return other => other.name === name && other.value === value
}
