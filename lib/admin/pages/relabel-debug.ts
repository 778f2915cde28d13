import { type Html, html } from '../html.ts'
import type { RelabelDebug } from '../relabel-debug.ts'
import { type RelabelStep, sameAs } from '../relabel-trace.ts'
import { labelsHtml, seriesHtml } from './labels.ts'
import { alert, layout, table } from './layout.ts'

const TITLES = { metric: 'Metric relabeling step by step', target: 'Target relabeling step by step' } as const
const PATHS = { metric: 'metric-relabel-debug', target: 'target-relabel-debug' } as const
const EXAMPLES = {
  metric: 'up{instance="127.0.0.1:9100", job="node"}',
  target: '{__address__="127.0.0.1:9100", __meta_zone="a", job="node"}',
} as const
const RULES_EXAMPLE = '- action: labelmap\n  regex: __meta_(.+)'
const HEAD = ['Step', 'Rule', 'Labels before it', 'Labels after it']

/** A form for rules and labels, and what the rules make of the labels. */
export function relabelDebugPage(root: string, debug: RelabelDebug): Html {
  const { kind, trace, error } = debug
  const body = [form(debug), alert(error), trace !== undefined && result(trace)]
  return layout({ root, path: PATHS[kind] }, TITLES[kind], body)
}

function form({ kind, id, metric, rules }: RelabelDebug): Html {
  // The line feed after the tag is not part of the text, and without it one of the text would be lost.
  return html`<form method="post" action="?">
<label>Relabeling rules
<textarea name="relabel_configs" rows="8" spellcheck="false" placeholder="${RULES_EXAMPLE}">
${rules}</textarea></label>
<label>Labels
<textarea name="metric" rows="4" spellcheck="false" placeholder="${EXAMPLES[kind]}">
${metric}</textarea></label>
${id !== '' && html`<input type="hidden" name="id" value="${id}">`}
<p><button>Apply</button> ${id !== '' && html`<a href="?id=${encodeURIComponent(id)}">as configured</a>`}</p>
</form>
`
}

function result({ original, steps, result, url, problem }: NonNullable<RelabelDebug['trace']>): Html {
  return html`<p>Labels at first: ${labelsHtml(original)}</p>
${table(HEAD, steps.map(row))}
<p>Labels in the end: ${result.length === 0 ? html`<strong>none, they are dropped</strong>` : labelsHtml(result)}</p>
${url !== undefined && html`<p>Scraped at: <code>${url}</code></p>`}
${problem !== undefined && html`<p class="note">Not scraped: ${problem}</p>`}
`
}

function row({ rule, before, after }: RelabelStep, index: number): Html {
  const taken = seriesHtml(before, label => (after.some(sameAs(label)) ? undefined : 'del'))
  const added = seriesHtml(after, label => (before.some(sameAs(label)) ? undefined : 'ins'))
  return html`<tr><td class="number">${index + 1}</td><td class="wide"><pre>${rule}</pre></td>
<td>${taken}</td><td>${added}</td></tr>
`
}
