import fc from 'fast-check'

const UNITS = ['a', 'b', 'ab', '_', ':', '-', '/', 'A', 'é', '😀', '1', '\n']

const literal = fc.string({ unit: fc.constantFrom(...UNITS), maxLength: 3 })
const escaped = fc.constantFrom('\\.', '\\-', '\\/', '\\_', '\\$', '\\\\', '\\|', '\\(')
const plainPart = fc.oneof({ weight: 5, arbitrary: literal }, { weight: 1, arbitrary: escaped })
const gap = fc.constantFrom('.*', '.+', '.*?', '.+?')

/** Literals with gaps between them, no two gaps side by side. */
const glob = fc
  .tuple(fc.option(gap, { nil: '' }), fc.array(fc.tuple(plainPart, gap), { maxLength: 2 }), plainPart)
  .map(([first, middle, last]) => {
    const parts = middle.filter(([text]) => text !== '').map(([text, dots]) => text + dots)
    return first + (first !== '' && parts.length > 0 ? parts.join('') : parts.join('')) + last
  })
const alternatives = fc.array(fc.oneof(plainPart, glob), { minLength: 1, maxLength: 4 }).map(list => list.join('|'))
const groupStart = fc.constantFrom('(', '(?:', '(?P<n>', '(?<n>')
const anchors = fc.constantFrom<[string, string]>(['', ''], ['', ''], ['^', ''], ['', '$'], ['^', '$'], ['^^', '$$'])

/** Expressions of the shapes that have a fast path. */
export const plainSource = fc
  .oneof(
    alternatives,
    fc
      .tuple(plainPart, groupStart, alternatives, plainPart)
      .map(([prefix, start, inner, suffix]) => `${prefix}${start}${inner})${suffix}`),
  )
  .chain(body => anchors.map(([start, end]) => start + body + end))

/** What makes an expression go to the engine, or be refused. */
const oddities = fc.constantFrom(
  ...['.', '?', '*', '+', '{2}', '{1,2}', '{,2}', '{0}', '[ab]', '[^a]', '[[:alpha:]]', '\\d', '\\w+', '\\pL', '\\b'],
  ...['(?i)', '(?i:a)', '(?s).', '(?-s:.*)', '(?m)^', '(?U).*', '^', '$', '\\A', '\\z', '\\x61', '\\Qa.b\\E', '\\n'],
  ...[
    '(',
    ')',
    '((a))',
    '(a)(b)',
    '()',
    '(|a)',
    '[',
    ']',
    '\\',
    '(?=a)',
    '\\1',
    '(?P<n>a)',
    '{',
    '}',
    '|',
    '..*',
    'a**',
  ],
)

/** Expressions of all kinds, near the fast paths and past them. Some are not valid. */
export const anySource = fc
  .array(fc.oneof({ weight: 3, arbitrary: plainSource }, { weight: 2, arbitrary: oddities }), {
    minLength: 1,
    maxLength: 4,
  })
  .map(parts => parts.join(''))

/** Texts that match or nearly do, for lack or excess of a character: pieces of the expression, its gaps filled. */
export function subjectsFor(source: string): fc.Arbitrary<string[]> {
  const filling = fc.constantFrom('', '', 'a', 'b', '😀', '\n', 'ab', 'x')
  const pieces = source
    .replaceAll(/\(\?(?::|P?<n>|[a-zA-Z-]+[:)])|[()^$?]/g, '')
    .split('|')
    .map(text => text.split(/\.[*+]/).map(piece => piece.replaceAll(/\\(.)/gs, '$1')))
  const near = fc
    .tuple(
      fc.constantFrom(...pieces),
      fc.array(filling, { minLength: 6, maxLength: 6 }),
      fc.integer({ min: 0, max: 5 }),
    )
    .map(([texts, fillings, cut]) => {
      const text = texts.map((piece, index) => piece + (index < texts.length - 1 ? fillings[index % 6] : '')).join('')
      if (cut === 0) return fillings[5] + text
      if (cut === 1) return text + fillings[5]
      if (cut === 2) return Array.from(text).slice(1).join('')
      if (cut === 3) return Array.from(text).slice(0, -1).join('')
      return text
    })
  const random = fc.string({ unit: fc.constantFrom(...UNITS, 'x', '.', '$'), maxLength: 6 })
  return fc.array(fc.oneof({ weight: 3, arbitrary: near }, { weight: 1, arbitrary: random }), {
    minLength: 1,
    maxLength: 10,
  })
}
