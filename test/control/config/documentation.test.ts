// The documentation of the scrape configuration against the tables of fields.
import { readFileSync } from 'node:fs'
import test from 'ava'
import { GLOBAL_FIELDS } from '../../../lib/control/config/global.ts'
import { JOB_FIELDS } from '../../../lib/control/config/job.ts'
import { type FieldTable, READ } from '../../../lib/yaml/value.ts'

const text = readFileSync(new URL('../../../docs/scrape-config.md', import.meta.url), 'utf8')
const sectionOf = (title: string) => text.slice(text.indexOf(title), text.indexOf('\n## ', text.indexOf(title) + 1))

function namesIn(section: string): Set<string> {
  const rows = section.split('\n').filter(line => line.startsWith('| `') || line.startsWith('Where targets come from'))
  return new Set(rows.flatMap(row => [...row.split(' | ')[0]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!)))
}

const namesOf = (table: FieldTable) => Object.keys(table).filter(name => table[name] === READ)

for (const [title, table] of [
  ['## `global`', GLOBAL_FIELDS],
  ['## A job', JOB_FIELDS],
] as const) {
  test(`the documentation names all fields below ${title}, and no others`, t => {
    t.deepEqual([...namesIn(sectionOf(title))].toSorted(), namesOf(table).toSorted())
  })
}
