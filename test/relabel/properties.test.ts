import test from 'ava'
import fc from 'fast-check'
import { compileRules } from '../../lib/relabel/compile.ts'
import type { MutableLabel } from '../../lib/relabel/labels.ts'
import { type Labels, type ModelRule, relabelled } from '../support/relabel-model.ts'
import { modelRules, someLabels } from '../support/relabel-random.ts'

const specsOf = (rules: readonly ModelRule[]) => rules.map(({ spec }) => spec)
const mapOf = (labels: readonly MutableLabel[]): Labels => new Map(labels.map(({ name, value }) => [name, value]))

const shown = (rules: readonly ModelRule[], labels: readonly MutableLabel[]): string =>
  JSON.stringify({ rules: specsOf(rules), labels })

const named = fc
  .tuple(fc.option(fc.constantFrom('m', 'ab', 'm.n.o')), someLabels(6))
  .map(([name, labels]) => (name === null ? labels : [{ name: '__name__', value: name }, ...labels]))
  .filter(labels => labels.length > 0)

test('rules apply in order and mean what the model says', t => {
  let changed = 0
  let dropped = 0
  fc.assert(
    fc.property(modelRules(6), fc.array(named, { minLength: 1, maxLength: 4 }), (rules, sets) => {
      const relabeling = compileRules(specsOf(rules))
      for (const start of sets) {
        const labels = start.map(label => ({ ...label }))
        const isKept = relabeling.apply(labels)
        const expected = relabelled(rules, mapOf(start))
        t.is(isKept, expected !== undefined, shown(rules, start))
        if (expected === undefined) dropped++
        else {
          t.deepEqual([...mapOf(labels)], [...expected], shown(rules, start))
          t.is(labels.length, expected.size)
          if (JSON.stringify(labels) !== JSON.stringify(start)) changed++
        }
      }
    }),
    { numRuns: 4000 },
  )
  t.true(changed > 1000 && dropped > 500, `${changed} changed, ${dropped} dropped`)
})

test('what comes out has no empty names or values, and no name twice', t => {
  fc.assert(
    fc.property(modelRules(6), named, (rules, start) => {
      const labels = start.map(label => ({ ...label }))
      if (!compileRules(specsOf(rules)).apply(labels)) return
      t.true(labels.every(({ name, value }) => name !== '' && value !== ''))
      t.is(new Set(labels.map(label => label.name)).size, labels.length)
    }),
    { numRuns: 1000 },
  )
})

test('step by step leads to where all steps at once lead', t => {
  fc.assert(
    fc.property(modelRules(6), named, (rules, start) => {
      const relabeling = compileRules(specsOf(rules))
      const labels = start.map(label => ({ ...label }))
      const isKept = relabeling.apply(labels)
      const steps = [...relabeling.trace(start)]
      t.deepEqual(steps.at(-1)!.labels, isKept ? labels : undefined)
      t.deepEqual(
        steps.map(({ rule }) => rule),
        steps.map((_, index) => index),
      )
      for (const { rule, labels } of steps.slice(0, rules.length)) {
        const first = rules.slice(0, rule + 1)
        const expected = relabelled(first, mapOf(start))
        const kept = labels?.filter(({ name, value }) => name !== '' && value !== '')
        if (kept === undefined || kept.length === 0) t.is(expected, undefined, shown(rules, start))
        else t.deepEqual(mapOf(kept), expected, shown(rules, start))
      }
    }),
    { numRuns: 1000 },
  )
})
