import { writeRules } from '../../relabel/write-rules.ts'
import { writeScalar } from '../../yaml/write.ts'
import { text, yamlJson } from '../answer.ts'
import type { AgentView, DestinationRules } from '../view.ts'
import { type Route, withAlias } from './route.ts'

/** The configuration in force, secrets hidden. */
export const CONFIG_ROUTES: readonly Route[] = [
  { paths: withAlias('/config'), access: 'config', answer: ({ view }) => text(view.configText()) },
  {
    paths: withAlias('/api/v1/status/config'),
    access: 'config',
    answer: ({ view }) => yamlJson(view.configText()),
  },
  {
    paths: ['/remotewrite-relabel-config'],
    access: 'config',
    answer: ({ view }) => text(view.relabelConfigText()),
  },
  {
    paths: ['/api/v1/status/remotewrite-relabel-config'],
    access: 'config',
    answer: ({ view }) => yamlJson(view.relabelConfigText()),
  },
  { paths: ['/remotewrite-url-relabel-config'], access: 'config', answer: ({ view }) => text(urlRelabelConfig(view)) },
  {
    paths: ['/api/v1/status/remotewrite-url-relabel-config'],
    access: 'config',
    answer: ({ view }) => yamlJson(urlRelabelConfig(view)),
  },
]

/** A list of the destinations, with the rules that each of them has for itself. */
function urlRelabelConfig(view: AgentView): string {
  return view.destinationRules().map(destinationText).join('')
}

function destinationText({ name, rules }: DestinationRules): string {
  const config = rules === undefined ? ' null\n' : `\n${writeRules(rules).replaceAll(/^(?=.)/gm, '  ')}`
  return `- url: ${writeScalar(name)}\n  relabel_config:${config}`
}
