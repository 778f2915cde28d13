// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how replacements refer to groups
import fc from 'fast-check'
import type { Label, RelabelRuleSpec } from '../../shared/target.ts'
import { plainSource } from './expressions.ts'
import type { ModelFilter, ModelRule, ModelSelector } from './relabel-model.ts'

/* Random rules and series that often meet: few names, few values, expressions made for them. */

const LABEL_NAMES = ['a', 'b', 'ab', 'x_a', 'env', 'job', '__tmp', '\u{ff5e}', '\u{1f600}']
const METRIC_NAMES = ['m', 'ab', 'x_m', 'm.n.o', 'a.b', 'go_x', 'M']
const VALUES = ['', 'a', 'b', 'ab', 'aB', 'a;b', 'x_1', '1', '22', 'é', '😀', '$1', '{{a}}', 'm', 'x'.repeat(40)]

const labelName = fc.constantFrom('__name__', ...LABEL_NAMES)
const regex = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...['a', 'a|b', 'a|b.*', '.*b', '.+', '.*', '(.*)', '(?:.*)', '', '|a', '^a$', '^^b|a$', 'x_(.+)', '(.+)_(.+)'],
      ...[
        '(a|b)(.*)',
        '[ab]+',
        '(?i)AB',
        '[^a]*',
        '(a)|(b)',
        '\\d+',
        '(?P<n>.)(.*)',
        '__.*',
        'm\\..*',
        '.*;.*',
        '😀|é',
      ],
      ...['(.)', '.', 'a{1,2}', '(.*?)b?', '\\w+', '(__name__|job|m)', '.*a.*', 'a?', '(?s).*', '(a|ab)(b?)'],
    ),
  },
  { weight: 1, arbitrary: plainSource.filter(source => !source.includes('\n')) },
)
const replacement = fc.constantFrom(
  ...['$1', '$0', '${1}', '$2-$1', 'fixed', '', 'p_$1', '${1}x', '$1x', '$n', '$$1', '$01', '$', '{{a}}', '{{a}}-$1'],
  ...['{{job}}{{', '{{nope}}', '{{b}}{{a}}$2', '😀'],
)
const targetLabel = fc.constantFrom('__name__', 'a', 'b', 'new', 'x_$1', '$1', 'zz', 'job')
const sourceLabels = fc.array(labelName, { minLength: 1, maxLength: 3 })

const ACTIONS = {
  replace: { targetLabel, regex, replacement },
  replace_all: { targetLabel, regex, replacement },
  keep: { regex },
  drop: { regex },
  keepequal: { targetLabel },
  dropequal: { targetLabel },
  keep_if_equal: {},
  drop_if_equal: {},
  keep_if_contains: { targetLabel },
  drop_if_contains: { targetLabel },
  keep_metrics: { regex: regex.filter(source => source !== ''), sourceLabels: fc.constant([]) },
  drop_metrics: { regex: regex.filter(source => source !== ''), sourceLabels: fc.constant([]) },
  hashmod: { targetLabel, modulus: fc.constantFrom(1, 2, 1000, 2 ** 53 - 1) },
  lowercase: { targetLabel },
  uppercase: { targetLabel },
  labelmap: { regex, replacement },
  labelmap_all: { regex, replacement },
  labeldrop: { regex },
  labelkeep: { regex: regex.map(source => `__name__|job|${source}`) },
  graphite: {
    sourceLabels: fc.constant([]),
    match: fc.constantFrom('*', 'm.*', '*.b', 'm.*.*', '*.*', 'm', 'a.*', '*.n.*'),
    labels: fc.constantFrom(
      [{ name: 'g', value: '$1-${2}' }],
      [
        { name: '__name__', value: 'g_$1' },
        { name: 'a', value: '$0$3' },
      ],
      [{ name: 'b', value: '' }],
    ),
  },
} as const satisfies Record<string, Partial<Record<keyof RelabelRuleSpec, fc.Arbitrary<unknown>>>>

const specOf = (action: keyof typeof ACTIONS): fc.Arbitrary<RelabelRuleSpec> =>
  fc.record({
    action: fc.constant(action),
    sourceLabels: ['keep_if_equal', 'drop_if_equal'].includes(action)
      ? fc.array(labelName, { minLength: 2, maxLength: 3 })
      : sourceLabels,
    separator: fc.constantFrom(';', ';', '', '-'),
    targetLabel: fc.constant(''),
    replacement: fc.constant('$1'),
    modulus: fc.constant(0),
    ...(ACTIONS[action] as object),
  }) as fc.Arbitrary<RelabelRuleSpec>

const filter: fc.Arbitrary<ModelFilter> = fc.oneof(
  fc.record({
    label: labelName,
    sign: fc.constantFrom('=' as const, '!=' as const),
    value: fc.constantFrom(...VALUES, ...METRIC_NAMES),
  }),
  fc.record({ label: labelName, sign: fc.constantFrom('=~' as const, '!~' as const), value: regex }),
)

/** A name in front holds for all groups; within them there is none then, so that no two names contradict. */
const selector: fc.Arbitrary<ModelSelector> = fc
  .tuple(
    fc.option(fc.constantFrom('m', 'ab', 'x_m')),
    fc.array(fc.array(filter, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
  )
  .map(([name, groups]) => {
    const isName = ({ label, sign }: ModelFilter) => label === '__name__' && sign === '='
    const within = groups.map(filters => {
      const others = filters.filter(each => !isName(each))
      const own = name === null ? filters.filter(isName).slice(0, 1) : []
      return [...own, ...others]
    })
    const named: ModelFilter[] = name === null ? [] : [{ label: '__name__', sign: '=', value: name }]
    const shown = within.filter(filters => filters.length > 0)
    const text = shown
      .map(filters =>
        filters.map(({ label, sign, value }) => JSON.stringify(label) + sign + JSON.stringify(value)).join(', '),
      )
      .join(' or ')
    return {
      text: `${name ?? ''}{${text}}`,
      groups: shown.length === 0 ? [named] : shown.map(filters => [...named, ...filters]),
    }
  })

export const modelRule: fc.Arbitrary<ModelRule> = fc
  .tuple(
    fc.constantFrom(...(Object.keys(ACTIONS) as (keyof typeof ACTIONS)[])).chain(specOf),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant<ModelSelector[]>([]) },
      { weight: 1, arbitrary: fc.array(selector, { minLength: 1, maxLength: 2 }) },
    ),
  )
  .map(([spec, selectors]) => ({
    selectors,
    spec: selectors.length === 0 ? spec : { ...spec, if: selectors.map(({ text }) => text) },
  }))

/** Rules that never drop a series by themselves come more often than they would by chance. */
export const modelRules = (maxLength: number): fc.Arbitrary<readonly ModelRule[]> =>
  fc.array(
    fc.oneof(
      modelRule,
      modelRule.filter(({ spec }) => !/^(?:keep|drop|labelkeep|labelmap_all)/.test(spec.action)),
      modelRule.filter(({ spec }) => ['replace', 'labelmap', 'labeldrop'].includes(spec.action)),
    ),
    { minLength: 1, maxLength },
  )

const labelOf = (name: fc.Arbitrary<string>): fc.Arbitrary<Label> =>
  fc.record({ name, value: fc.constantFrom(...VALUES) }, { noNullPrototype: true })

export const someLabels = (maxLength: number): fc.Arbitrary<Label[]> =>
  fc.uniqueArray(labelOf(fc.constantFrom(...LABEL_NAMES)), { selector: label => label.name, maxLength })

export type RandomSeries = { readonly name: string; readonly labels: readonly Label[] }

const series: fc.Arbitrary<RandomSeries> = fc.record({
  name: fc.constantFrom(...METRIC_NAMES),
  labels: someLabels(6),
})

/** Series of one body, each once: those whose labels differ only in empty ones are the same. */
export const someSeries: fc.Arbitrary<readonly RandomSeries[]> = fc.uniqueArray(series, {
  selector: ({ name, labels }) =>
    name +
    JSON.stringify(
      labels
        .filter(({ value }) => value !== '')
        .map(l => [l.name, l.value])
        .sort(),
    ),
  minLength: 1,
  maxLength: 12,
})

/** The key of a line of the text exposition. */
export function lineKey({ name, labels }: RandomSeries): string {
  const pairs = labels.map(label => `"${label.name}"="${label.value}"`)
  return `${name}{${pairs.join(',')}}`
}
