import type { Label } from '../../shared/target.ts'
import { RelabelError } from '../relabel/error.ts'
import { parseSeries } from '../relabel/parse-series.ts'
import { writeRules } from '../relabel/write-rules.ts'
import { BadRequest } from './bad-request.ts'
import { html } from './html.ts'
import { seriesText } from './labels.ts'
import {
  type RelabelStep,
  type RelabelTrace,
  readDebugRules,
  sameAs,
  traceMetric,
  traceTarget,
} from './relabel-trace.ts'
import type { AgentView, TargetRelabeling } from './view.ts'

/** Which rules are traced: those of series, or those of targets. */
export type DebugKind = 'metric' | 'target'

/** What a page of relabeling shows: what was asked for, filled in from a target if one was named, and the trace of it. */
export type RelabelDebug = {
  readonly kind: DebugKind
  readonly id: string
  readonly metric: string
  readonly rules: string
  /** Undefined if there are no rules to trace. */
  readonly trace?: RelabelTrace & { readonly url?: string | undefined; readonly problem?: string | undefined }
  readonly error?: string
}

/** Answers `/metric-relabel-debug` and `/target-relabel-debug`; what is wrong with the request is part of it. */
export function debugRelabeling(
  kind: DebugKind,
  view: AgentView,
  args: Readonly<Record<string, string>>,
): RelabelDebug {
  const given = { kind, id: args.id ?? '', metric: args.metric ?? '', rules: args.relabel_configs ?? '' }
  try {
    const target = given.id === '' ? undefined : view.relabelingOf(given.id)
    const isGiven = given.id === '' || given.metric !== '' || given.rules !== ''
    return isGiven ? { ...given, ...traceGiven(given, target?.params ?? []) } : traceOfTarget(given, target)
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error
    return { ...given, error: error.message }
  }
}

type Given = Omit<RelabelDebug, 'trace' | 'error'>

/** @throws {BadRequest} */
function traceGiven({ kind, metric, rules }: Given, params: TargetRelabeling['params']): Pick<RelabelDebug, 'trace'> {
  const labels = readMetric(metric)
  if (rules.trim() === '') return {}
  const read = readDebugRules(rules)
  if (read.rules.length === 0) return {}
  return { trace: kind === 'metric' ? traceMetric(read, labels) : traceTarget(read, labels, params) }
}

/** @throws {BadRequest} */
function readMetric(text: string): readonly Label[] {
  try {
    return parseSeries(text)
  } catch (cause) {
    if (cause instanceof RelabelError) throw new BadRequest(cause.message, { cause })
    throw cause
  }
}

/** @throws {BadRequest} there is no such target, or what it was made from is not known */
function traceOfTarget({ kind, id }: Given, target: TargetRelabeling | undefined): RelabelDebug {
  if (target === undefined) throw new BadRequest(`argument id: there is no target with the id ${JSON.stringify(id)}`)
  const labels = labelsFor(kind, target)
  const specs = kind === 'metric' ? target.metricRules : target.targetRules
  const rules = specs.length === 0 ? '' : writeRules(specs)
  const read = rules === '' ? { rules: [], texts: [] } : readDebugRules(rules)
  const trace = kind === 'metric' ? traceMetric(read, labels) : traceTarget(read, labels, target.params)
  return { kind, id, metric: seriesText(labels, (_, text) => text), rules, trace }
}

/** @throws {BadRequest} */
function labelsFor(kind: DebugKind, { labels, discoveredLabels }: TargetRelabeling): readonly Label[] {
  if (kind === 'metric') {
    if (labels === undefined) throw new BadRequest('argument id: this target is dropped, so that it has no series')
    return labels
  }
  if (discoveredLabels === undefined) {
    throw new BadRequest('argument id: original labels are not kept, because -promscrape.dropOriginalLabels is set')
  }
  return discoveredLabels
}

/** The answer in vmagent's shape: labels are HTML, with what a step takes away and what it adds marked. */
export function debugAnswer({ trace, error }: RelabelDebug): object {
  if (error !== undefined) return { status: 'error', error: `Error: ${error}` }
  if (trace === undefined) return { status: 'success', steps: [] }
  return {
    status: 'success',
    steps: trace.steps.map(stepAnswer),
    originalLabels: markedText(trace.original, undefined),
    resultingLabels: markedText(trace.result, undefined),
  }
}

function stepAnswer({ rule, before, after }: RelabelStep): object {
  return {
    inLabels: markedText(before, { unless: after, color: '#D15757' }),
    outLabels: markedText(after, { unless: before, color: '#4495e0' }),
    rule,
    errors: {},
  }
}

type Marking = { readonly unless: readonly Label[]; readonly color: string }

function markedText(labels: readonly Label[], marking: Marking | undefined): string {
  return seriesText(labels, (label, text) => {
    if (marking === undefined || marking.unless.some(sameAs(label))) return html`${text}`.text
    return html`<span style="font-weight:bold;color:${marking.color}">${text}</span>`.text
  })
}
