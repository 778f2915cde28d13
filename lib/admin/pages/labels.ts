import type { Label } from '../../../shared/target.ts'
import { type Html, html } from '../html.ts'
import { labelText, seriesParts } from '../labels.ts'

export function labelsHtml(labels: readonly Label[]): Html {
  return seriesHtml(labels, () => undefined)
}

/**
 * `name{a="1", b="2"}`, which breaks between labels where there is room to.
 *
 * @param mark the element that a label stands in
 */
export function seriesHtml(labels: readonly Label[], mark: (label: Label) => 'del' | 'ins' | undefined): Html {
  const { metric, others } = seriesParts(labels)
  const name = metric && markedHtml(metric.value, mark(metric))
  if (name !== undefined && others.length === 0) return html`<code>${name}</code>`
  const shown = others.map((label, index) => {
    const isLast = index === others.length - 1
    return html`<span class="label">${index === 0 && '{'}${markedHtml(labelText(label), mark(label))}${
      isLast ? '}' : ','
    }</span>${!isLast && ' '}`
  })
  return html`<code>${name}${shown.length > 0 ? shown : '{}'}</code>`
}

function markedHtml(text: string, element: 'del' | 'ins' | undefined): Html {
  if (element === 'del') return html`<del>${text}</del>`
  return element === 'ins' ? html`<ins>${text}</ins>` : html`${text}`
}
