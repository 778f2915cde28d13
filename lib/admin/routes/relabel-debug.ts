import { type AdminAnswer, type AdminRequest, json, page } from '../answer.ts'
import { relabelDebugPage } from '../pages/relabel-debug.ts'
import { type DebugKind, debugAnswer, debugRelabeling } from '../relabel-debug.ts'
import { type AdminContext, type Route, withAlias } from './route.ts'

/** Relabeling step by step, for rules and labels that somebody tries out, or those of a target. */
export const RELABEL_DEBUG_ROUTES: readonly Route[] = [
  { paths: withAlias('/metric-relabel-debug'), access: 'basic', answer: answerTo('metric') },
  { paths: withAlias('/target-relabel-debug'), access: 'basic', answer: answerTo('target') },
]

/** Like vmagent, JSON tells what is wrong under status 200; clients look at its `status`. */
function answerTo(kind: DebugKind) {
  return ({ view }: AdminContext, { args, root }: AdminRequest): AdminAnswer => {
    const debug = debugRelabeling(kind, view, args)
    if (args.format === 'json') return json(debugAnswer(debug))
    return page(relabelDebugPage(root, debug), debug.error === undefined ? 200 : 400)
  }
}
