import { createHash } from 'node:crypto'
import { type Html, type HtmlPart, html, verbatim } from '../html.ts'

/** Colours follow the browser's choice of light or dark; all sizes follow its font. */
const STYLE = `
:root{color-scheme:light dark;--text:light-dark(#1b2733,#d8e0e8);--soft:light-dark(#5b6875,#93a1af);
--back:light-dark(#fff,#14191f);--panel:light-dark(#f4f7fa,#1c232b);--line:light-dark(#d9e0e7,#323c47);
--link:light-dark(#0b62a8,#6cb6ff);--good:light-dark(#1b7a3d,#5fc27e);--bad:light-dark(#b3261e,#ff8a80);
--warn:light-dark(#8a5a00,#e8b34b);--badback:light-dark(#fdeeed,#3a1f20);--warnback:light-dark(#fff6e2,#33290f)}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:14px/1.45 system-ui,sans-serif}
header{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;align-items:baseline;padding:.6rem 1.25rem;
background:var(--panel);border-bottom:1px solid var(--line)}
header b{font-size:1.1rem;margin-right:.5rem}
header a[aria-current]{color:var(--text);font-weight:600;text-decoration:none}
main{padding:1rem 1.25rem 3rem}
a{color:var(--link)}
h1{font-size:1.35rem;margin:.2rem 0 .8rem}
h2{font-size:1.05rem;margin:0}
p{margin:.5rem 0}
code,pre,textarea,input[type=text]{font:12.5px/1.45 ui-monospace,monospace}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.2rem}
th,td{border:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{background:var(--panel);font-weight:600;white-space:nowrap}
td.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td.short{white-space:nowrap}
tr.down{background:var(--badback)}
tr.unknown,tr.dropped{background:var(--warnback)}
.up .state{color:var(--good)}.down .state{color:var(--bad)}.unknown .state,.dropped .state{color:var(--warn)}
.state{font-weight:600;white-space:nowrap}
.soft{color:var(--soft)}
.scroll{overflow-x:auto}
details>summary{cursor:pointer}
details.job{margin:.4rem 0}
details.job>summary h2{display:inline}
form{margin:0 0 1rem;padding:.7rem .9rem;background:var(--panel);border:1px solid var(--line);border-radius:6px}
form.filter{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:end}
form.filter label{flex:1 1 16rem}
form.filter label.check{flex:none;padding-bottom:.3rem}
label{display:block;font-weight:600}
label.check{font-weight:400}
input[type=text],textarea{display:block;width:100%;margin-top:.2rem;padding:.35rem .5rem;color:inherit;
background:var(--back);border:1px solid var(--line);border-radius:4px}
form>p,form>label+label{margin:.6rem 0 0}
form.filter>label{margin:0}
button{font:inherit;padding:.3rem .9rem;color:var(--back);background:var(--link);border:0;border-radius:4px;cursor:pointer}
.alert{margin:0 0 1rem;padding:.55rem .8rem;background:var(--badback);border-left:4px solid var(--bad)}
.note{margin:0 0 1rem;padding:.55rem .8rem;background:var(--warnback);border-left:4px solid var(--warn)}
.label{display:inline-block}
td.wide{min-width:15rem}
.error{margin:.3rem 0 0;color:var(--bad)}
del{color:var(--bad);text-decoration:line-through}
ins{color:var(--good);text-decoration:none;font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.2rem}
dt,dd{margin:0}
`

/** Pages load nothing from elsewhere, run no scripts, and take no style but their own. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
].join('; ')

const LINKS = [
  ['targets', 'Targets'],
  ['service-discovery', 'Discovery'],
  ['target-relabel-debug', 'Target relabeling'],
  ['metric-relabel-debug', 'Metric relabeling'],
  ['config', 'Configuration'],
  ['flags', 'Flags'],
  ['metrics', 'Metrics'],
] as const

export type PagePlace = {
  /** As `AdminRequest.root`: what links begin with. */
  readonly root: string
  /** The link of the page itself; '' for none. */
  readonly path: string
}

/** A whole page with its navigation. */
export function layout({ root, path }: PagePlace, title: string, body: HtmlPart): Html {
  const links = LINKS.map(([link, name]) => {
    return html` <a href="${root}${link}"${link === path && html` aria-current="page"`}>${name}</a>`
  })
  return html`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title} - Penstock</title><link rel="icon" href="${root}favicon.ico">
<style>${verbatim(STYLE)}</style></head>
<body><header><b><a href="${root}">Penstock</a></b>${links}</header>
<main><h1>${title}</h1>
${body}
</main></body></html>
`
}

export function alert(message: string | undefined): HtmlPart {
  return message !== undefined && html`<p class="alert">${message}</p>`
}

export function note(message: HtmlPart): HtmlPart {
  return html`<p class="note">${message}</p>`
}

/** @param rows of `<tr>` */
export function table(head: readonly string[], rows: readonly Html[]): Html {
  const cells = head.map(cell => html`<th scope="col">${cell}</th>`)
  return html`<div class="scroll"><table><thead><tr>${cells}</tr></thead><tbody>
${rows}</tbody></table></div>`
}
