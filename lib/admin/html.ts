/** A piece of HTML. Only the tag `html` makes one, so that every text in it was escaped on its way in. */
class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type { Html }

/** What may stand in a template: text, which is escaped; HTML; lists of both; nothing. */
export type HtmlPart = string | number | Html | readonly HtmlPart[] | undefined | false

/**
 * The tag of templates of HTML. A part may stand between tags, in text, or within the double quotes of an attribute;
 * nowhere else.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  let text = strings[0]!
  for (let index = 0; index < parts.length; index++) text += render(parts[index]) + strings[index + 1]!
  return new Html(text)
}

/** Text of the program itself, which is HTML already. Never for what comes from elsewhere. */
export function verbatim(text: string): Html {
  return new Html(text)
}

function render(part: HtmlPart): string {
  if (part === undefined || part === false) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(render).join('')
  return escapeHtml(String(part))
}

const SPECIAL = /[&<>"']/
const SPECIALS = /[&<>"']/g
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return SPECIAL.test(text) ? text.replaceAll(SPECIALS, character => ENTITIES[character]!) : text
}
