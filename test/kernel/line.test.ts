import test from 'ava'
import fc from 'fast-check'
import { LABEL_BYTES, LABELS_AT, WINDOW_AT } from '../../kernel/layout.ts'
import { compileKernelPart } from '../support/kernel-compile.ts'
import { keyText, type ParsedLine, parseExposition } from './reference.ts'

const ENTRY = `
import { labelCount, lineTime, nameBytes, needsHost, nextLine, nextSample, parseKey, parseTail, skipLine, valueBits } from './kernel/assembly/line'

export { nextSample, parseKey, parseTail, skipLine }
export function labels(): u32 { return labelCount }
export function name(): u32 { return nameBytes }
export function host(): bool { return needsHost }
export function bits(): u64 { return valueBits }
export function time(): i64 { return lineTime }
export function next(): usize { return nextLine }
`
type Exports = {
  nextSample(p: number, end: number): number
  parseKey(p: number, end: number): number
  parseTail(p: number, end: number): number
  skipLine(p: number, end: number): number
  labels(): number
  name(): number
  host(): number
  bits(): bigint
  time(): bigint
  next(): number
}

const AT = WINDOW_AT
const compiled = compileKernelPart<Exports>(ENTRY)

/** What the kernel says of a line; undefined if it is not valid, and of keys that are left to the host only the key. */
type KernelLine = {
  readonly key: string
  readonly isPlain: boolean
  readonly name: string
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly bits: bigint
  readonly timeMs: bigint
  readonly next: number
}

async function makeParser(): Promise<(line: string) => KernelLine | undefined> {
  const kernel = await compiled
  const bytes = Buffer.from(kernel.memory.buffer)
  const words = new DataView(kernel.memory.buffer)
  const text = (start: number, length: number): string => bytes.toString('utf8', start, start + length)
  const field = (record: number, at: number): string =>
    text(words.getUint32(record + at, true), words.getUint32(record + at + 4, true))
  return line => {
    const end = AT + bytes.write(`${line}\n`, AT)
    bytes.fill('"} 1\n', end, end + 64)
    const keyEnd = kernel.parseKey(AT, end)
    if (keyEnd === 0) return undefined
    const isPlain = kernel.host() === 0
    const labels = Array.from({ length: kernel.labels() }, (_, index) => {
      const record = LABELS_AT + index * LABEL_BYTES
      return [field(record, 0), field(record, 8)] as const
    })
    const name = text(AT, kernel.name())
    if (kernel.parseTail(keyEnd, end) === 0) return undefined
    const bits = BigInt.asUintN(64, kernel.bits())
    return { key: text(AT, keyEnd - AT), isPlain, name, labels, bits, timeMs: kernel.time(), next: kernel.next() - AT }
  }
}

/** The line as the reference reads it; undefined if it is not valid. */
function reference(line: string): ParsedLine | undefined {
  return parseExposition(line).lines[0]
}

const number = new DataView(new ArrayBuffer(8))

function bitsOf(value: number): bigint {
  number.setFloat64(0, value)
  return Number.isNaN(value) ? 0x7ff8000000000001n : number.getBigUint64(0)
}

/** What is wrong with what the kernel says of a line; undefined if nothing is. */
function mistake(line: string, found: KernelLine | undefined): string | undefined {
  const expected = reference(line)
  if (found === undefined) return expected === undefined ? undefined : 'a valid line was refused'
  // Only the host knows whether a rare key is valid, and nobody whether names repeat before labels are sorted.
  const names = found.labels.map(([name]) => name)
  if (expected === undefined) {
    return found.isPlain && new Set(names).size === names.length ? 'an invalid line was taken' : undefined
  }
  if (found.key !== keyText(line)) return `key ${JSON.stringify(found.key)}`
  if (found.bits !== bitsOf(expected.value)) return `value ${found.bits}`
  if (found.timeMs !== expected.timeMs) return `timestamp ${found.timeMs}`
  if (found.next !== Buffer.byteLength(line) + 1) return `next line at ${found.next}`
  if (!found.isPlain || new Set(names).size < names.length) return undefined
  if (found.name !== expected.name) return `name ${found.name}`
  const show = (labels: readonly (readonly string[])[]): string =>
    JSON.stringify(labels.filter(([, value]) => value !== ''))
  const labels = expected.labels.map(({ name, value }) => [name, value])
  return show(found.labels) === show(labels) ? undefined : `labels ${show(found.labels)}`
}

const CASES: readonly string[] = [
  'a 1',
  'a\t1',
  'a 1 1700000000000',
  'a 1 1.5',
  'a 1 -1.5',
  'a 1 0.0001',
  'a 1 NaN',
  'a 1 1e300',
  'a 1 -1e300',
  'a 1 9223372036854775807',
  'a 1 -9223372036854775808',
  'a 1 2147483647.999',
  'a 1 2147483648',
  'a 1 -2147483648.001',
  'a 1 2 3',
  'a 1#',
  'a 1 # 2',
  'a 1 2#3',
  'a # 1',
  'a#1',
  'a#{b="c d"} 1',
  'a #{b="c"} 1',
  'a 1 # {b="c"}',
  'a {b="c"} 1',
  'a 1 {b="c"} 2',
  'a{b="c"}1',
  'a{b="c"} 1\r',
  'a 1\r',
  'a\r 1',
  'a 1 \r',
  'a 1\r\r',
  'a{b="c"',
  'a{b="c',
  'a{b="c\\',
  'a{b="c\\"} 1',
  'a{b="\\\\"} 1',
  'a{b=c} 1',
  'a{b} 1',
  'a{b="c"d="e"} 1',
  'a{b="c",,d="e"} 1',
  'a{,} 1',
  'a{,b="c"} 1',
  'a{b="c",} 1',
  'a{b="c" , d = "e" } 1',
  'a{b=="c"} 1',
  'a{b=d="c"} 1',
  'a{b c="d"} 1',
  'a{="c"} 1',
  'a{b}="c"} 1',
  'a{"b"="c"} 1',
  'a{"b"} 1',
  '{"a"} 1',
  '{"a","b"} 1',
  '{"a",b="c"} 1',
  '{b="c","a"} 1',
  '{b="c"} 1',
  '{} 1',
  'a{}',
  'a{} ',
  'é 1',
  'é{"a"} 1',
  '.{a="b"} 1',
  'a b{c="d"} 1',
  'a  1',
  'a 1e',
  'a -',
  'a',
  'a ',
  '{',
  '}',
  '"',
  'a{b="}"} 1',
  'a{b="{"} 1',
  'a{__name__="b"} 1',
  'a{a="",b=""} 1',
]

test('single lines are read as the reference reads them', async t => {
  const parse = await makeParser()
  for (const line of CASES) t.is(mistake(line, parse(line)), undefined, JSON.stringify(line))
})

test('any line of the bytes that matter is read as the reference reads it', async t => {
  const parse = await makeParser()
  const line = fc
    .array(fc.constantFrom(...'{}""""==,,\\# \t\raab_:..10e-+é'), { maxLength: 24 })
    .map(parts => parts.join('').replace(/^[ \t]+/, ''))
    .filter(text => !/^(#|\r?$)/.test(text))
  fc.assert(
    fc.property(line, text => mistake(text, parse(text)) === undefined),
    { numRuns: 40_000 },
  )
  t.pass()
})

test('lines that are almost as they should be are read as the reference reads them', async t => {
  const parse = await makeParser()
  const blank = fc.constantFrom('', '', '', ' ', '\t')
  const quoted = fc.constantFrom('"v"', '""', '"\\""', '"a b"', '"#"', '"}"', '"é"', '"\\', 'v')
  const label = fc.tuple(
    blank,
    fc.constantFrom('a', 'b', '__x', '"q"', '', 'ü'),
    blank,
    fc.constantFrom('=', '='),
    blank,
    quoted,
    blank,
  )
  const labels = fc
    .array(
      label.map(parts => parts.join('')),
      { maxLength: 3 },
    )
    .map(all => `{${all.join(',')}}`)
  const value = fc.oneof(fc.double().map(String), fc.integer().map(String), fc.constantFrom('NaN', '+Inf', 'x', ''))
  const tail = fc.tuple(blank, value, fc.constantFrom('', '', ' ', ' 17', ' 1700000000000', ' # c', '\r', ' x'))
  const line = fc
    .tuple(
      fc.constantFrom('metric', 'metric', 'up', '', 'mé', 'm#'),
      blank,
      fc.option(labels, { nil: ' ' }),
      tail.map(parts => parts.join('')),
    )
    .map(parts => parts.join('').replace(/^[ \t]+/, ''))
    .filter(text => !/^(#|\r?$)/.test(text))
  fc.assert(
    fc.property(line, text => mistake(text, parse(text)) === undefined),
    { numRuns: 20_000 },
  )
  t.pass()
})

test('values of every length and form mean what the reference says', async t => {
  const parse = await makeParser()
  const exact = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
  )
  const text = fc.tuple(exact, fc.nat(17), fc.nat(3)).map(([value, digits, form]) => {
    if (form === 0) return String(value)
    if (form === 1) return value.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2')
    return Math.abs(value) < 1e15 ? value.toFixed(Math.min(digits, form === 2 ? 3 : 17)) : value.toPrecision(digits + 1)
  })
  const odd = fc
    .array(fc.constantFrom(...'0123456789', '.', '-', '+', 'e', 'E', '_'), { maxLength: 20 })
    .map(parts => parts.join(''))
  const value = fc.oneof(
    text,
    odd,
    fc.constantFrom('1e+00', '1e-00', '1e+22', '1e+23', '999999999999999e-22', '-0e+99', '0.e+01'),
  )
  const blank = fc.constantFrom('', ' ', '  ', '\t')
  const line = fc.tuple(blank, value, fc.constantFrom('', '', '\r', ' ', ' 5')).map(parts => `a{}${parts.join('')}`)
  fc.assert(
    fc.property(line, text => mistake(text, parse(text)) === undefined),
    { numRuns: 50_000 },
  )
  t.pass()
})

test('the plain forms, which nearly all exporters write, are not left to the host', async t => {
  const parse = await makeParser()
  const lines = ['a 1', 'a_total{b="c"} 1', 'a:b{c_1="é"} 1', 'a{ b = "c" , d = "" } 1', 'a {b="#{},="} 1', 'a{} 1']
  t.deepEqual(
    lines.map(line => parse(line)?.isPlain),
    [true, true, false, true, true, true],
  )
})

test('the next sample is found behind comments and empty lines of any length', async t => {
  const kernel = await compiled
  const bytes = Buffer.from(kernel.memory.buffer)
  const noise = fc.constantFrom('\n', ' \n', '\t\r\n', '\r\n', '#\n', '# HELP a b\n', ' # x\n', `#${'x'.repeat(70)}\n`)
  fc.assert(
    fc.property(fc.array(noise), fc.nat(40), fc.boolean(), (noises, padding, hasSample) => {
      const before = `${noises.join('')}#${'-'.repeat(padding)}\n  `
      const end = AT + bytes.write(before + (hasSample ? 'a 1\n' : '\n'), AT)
      bytes.write('\n# a 2\na 3\n'.repeat(4), end)
      t.is(kernel.nextSample(AT, end), hasSample ? AT + before.length : end)
    }),
  )
})

test('the end of a line is found wherever it is', async t => {
  const kernel = await compiled
  const bytes = Buffer.from(kernel.memory.buffer)
  for (let length = 0; length < 100; length++) {
    const end = AT + bytes.write(`${'x'.repeat(length)}\nnext`, AT)
    bytes.fill(0x0a, end, end + 64)
    t.is(kernel.skipLine(AT, end), AT + length + 1)
    t.is(kernel.skipLine(AT, AT + length), AT + length)
  }
})
