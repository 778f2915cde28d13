import { type Html, type HtmlPart, html } from '../html.ts'
import { type TargetQuery, targetQueryText } from '../target-query.ts'
import { note } from './layout.ts'

/** A browser takes long for more; tools read the text or the API, which have all. */
export const ROWS_MAX = 2000

/** The filters of the pages that show targets. @param more of one page only */
export function filterForm(query: TargetQuery, ...more: readonly Html[]): Html {
  const { endpointSearch, labelSearch, onlyUnhealthy } = query
  return html`<form class="filter">
<label>Endpoint (regular expression)
<input type="text" name="endpoint_search" value="${endpointSearch}" placeholder="127\\.0\\.0\\.1:9100"></label>
<label>Labels (series selector)
<input type="text" name="label_search" value="${labelSearch}" placeholder="{job=&quot;node&quot;}"></label>
${checkbox('show_only_unhealthy', 'only unhealthy', onlyUnhealthy)}${more}
<div><button>Show</button> <a href="?">all</a>
<a href="${targetQueryText(query, { onlyUnhealthy: true })}">unhealthy</a></div>
</form>
`
}

export function checkbox(name: string, text: string, isChecked: boolean): Html {
  const checked = isChecked && html` checked`
  return html`<label class="check"><input type="checkbox" name="${name}" value="true"${checked}> ${text}</label>`
}

/** Says that there are more rows than a page shows. */
export function rowsNote(found: number): HtmlPart {
  if (found <= ROWS_MAX) return undefined
  return note(html`The first ${ROWS_MAX} of ${found} are listed; filter them, or take <code>/api/v1/targets</code>.`)
}
