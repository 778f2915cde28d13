import test from 'ava'
import { mergeLists } from '../../lib/yaml/merge.ts'

test('items of other files come at the end of the list, as they are written', t => {
  const text = '# mine\nglobal: {a: yes}\njobs:\n- name: one # first\nfiles: [two.yml]\nlast: 010\n'
  const two = '- name: two\n  regex: 1.50\n  password: <secret>\n- {name: "3", x: &x {k: v}, y: *x}\n'
  t.is(
    mergeLists(text, 'jobs', [two, '', '[]'], 'files'),
    [
      '# mine\nglobal: { a: yes }\njobs:\n  - name: one # first',
      '  - name: two\n    regex: 1.50\n    password: <secret>',
      '  - { name: "3", x: &x { k: v }, y: *x }\nlast: 010\n',
    ].join('\n'),
  )
})

test('a file without such a list gets one', t => {
  t.is(mergeLists('files: [a.yml]\n', 'jobs', ['- name: a\n'], 'files'), 'jobs:\n  - name: a\n')
})
