import test from 'ava'
import { definitionOf, FLAG_NAMES } from '../../lib/cli/flag-table.ts'
import { helpText } from '../../lib/cli/help.ts'

test('the help describes each flag that works and names each that is refused, once', t => {
  const lines = helpText().split('\n')
  for (const name of FLAG_NAMES) {
    const { implemented, description } = definitionOf(name)
    const entries = lines.filter(line => line.split(/\s+/).includes(`-${name}`) && line.startsWith('  -'))
    t.is(entries.length, 1, name)
    if (implemented) t.true(lines[lines.indexOf(entries[0]!) + 1]!.includes(description!), name)
  }
})

test('the help shows types and defaults', t => {
  t.regex(helpText(), /^ {2}-remoteWrite\.flushInterval duration\n {6}.*\(default 1s\)$/m)
  t.regex(helpText(), /^ {2}-remoteWrite\.sendTimeout duration\n {6}.*\(list, per URL; default 1m0s\)$/m)
  t.regex(helpText(), /^ {2}-dryRun\n/m)
  t.regex(helpText(), /^ {2}-loggerFormat default\|json\n/m)
})

test('no line of the help is wider than 120 characters', t => {
  t.deepEqual(
    helpText()
      .split('\n')
      .filter(line => line.length > 120),
    [],
  )
})
