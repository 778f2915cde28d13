import { type Html, html } from '../html.ts'
import { layout } from './layout.ts'

const LINKS = [
  ['targets', 'state of the targets that are scraped'],
  ['service-discovery', 'labels of discovered targets before and after relabeling, and what was dropped'],
  ['target-relabel-debug', 'target relabeling step by step'],
  ['metric-relabel-debug', 'metric relabeling step by step'],
  ['api/v1/targets', 'targets as JSON'],
  ['config', 'contents of -promscrape.config'],
  ['remotewrite-relabel-config', 'contents of -remoteWrite.relabelConfig'],
  ['remotewrite-url-relabel-config', 'relabeling rules of each -remoteWrite.url'],
  ['metrics', 'metrics of the agent itself'],
  ['flags', 'command line flags'],
  ['ready', 'whether every job has discovered its targets'],
  ['-/reload', 'reads the configuration again'],
] as const

/** @param version as in `penstock-v1.2.3` */
export function indexPage(root: string, version: string): Html {
  const links = LINKS.map(([path, about]) => html`<dt><a href="${root}${path}">${path}</a></dt><dd>${about}</dd>\n`)
  return layout({ root, path: '' }, version, html`<dl>${links}</dl>`)
}
