import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { loadRelabelConfig } from '../../lib/control/relabel-config.ts'
import { makeDirectory } from '../support/agent-process.ts'

async function fileWith(t: ExecutionContext, text: string): Promise<string> {
  const file = join(await makeDirectory(t), 'relabel.yml')
  await writeFile(file, text)
  return file
}

test('rules are read with defaults, and variables have their values', async t => {
  const file = await fileWith(t, '- {target_label: zone, replacement: "%{ZONE}"}\n')
  const { rules, text } = await loadRelabelConfig(file, { ZONE: 'north' })
  t.is(rules.length, 1)
  t.like(rules[0], { action: 'replace', targetLabel: 'zone', replacement: 'north', separator: ';' })
  t.is(text, '- {target_label: zone, replacement: "north"}\n')
})

test('an empty file has no rules', async t => {
  const { rules } = await loadRelabelConfig(await fileWith(t, ''), {})
  t.deepEqual(rules, [])
})

for (const [what, text, place] of [
  ['a syntax error', '- {target_label: [\n', /relabel\.yml:\d+:\d+: /],
  ['an unknown field', '- target_label: a\n  replacment: b\n', /relabel\.yml:2:3: .*replacment/],
  ['an unknown action', '- action: nonsense\n', /relabel\.yml:1:11: .*nonsense/],
] as const) {
  test(`${what} is refused with its place`, async t => {
    await t.throwsAsync(loadRelabelConfig(await fileWith(t, text), {}), { code: 'CONFIG_INVALID', message: place })
  })
}

test('a file that does not exist is named', async t => {
  await t.throwsAsync(loadRelabelConfig('/nowhere/relabel.yml', {}), {
    code: 'CONFIG_INVALID',
    message: /^\/nowhere\/relabel\.yml:1:1: cannot be read: /,
  })
})
