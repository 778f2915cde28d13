import test from 'ava'
import fc from 'fast-check'
import { NumberKernel, type ParsedNumber } from '../support/number-kernel.ts'
import { bitsOf, SHAPES } from '../support/random-numbers.ts'

const kernel = await NumberKernel.compile()

const parse = (text: string): ParsedNumber => kernel.parseAll([text])[0]!

/** Texts that Number() reads differently, or that are not taken as one whole number. */
function mistakes(texts: readonly string[]): string[] {
  const parsed = kernel.parseAll(texts)
  return texts.filter((text, i) => {
    const expected = bitsOf(Number(text))
    const { valid, bits, prefix, prefixBits } = parsed[i]!
    return !valid || bits !== expected || prefix !== text.length || prefixBits !== expected
  })
}

for (const [name, count, make] of SHAPES) {
  test(`random numbers round as Number() does: ${name}`, t => {
    for (let left = count; left > 0; left -= 2000) {
      t.deepEqual(mistakes(Array.from({ length: Math.min(left, 2000) }, make)), [])
    }
  })
}

test('known hard cases are correctly rounded', t => {
  t.deepEqual(
    mistakes([
      '9007199254740993',
      '9007199254740992.999999999999999999',
      '9007199254740993.0000000000000000000000000001',
      '2.2250738585072011e-308',
      '2.2250738585072012e-308',
      '2.2250738585072014e-308',
      '2.225073858507201136057409796709131975934819546351645648023426109724822222021076945516529523908135087914149158913039621106870086438694594645527657207407820621743379988141063267329253552286881372149012981122451451889849057222307285255133155755015914397476397983411801999323962548289017107081850690630666655994938275772572015763062690663332647565300009245888316433037779791869612049497390377829704905051080609940730262937128958950003583799967207254304360284078895771796150945516748243471030702609144621572289880258182545180325707018860872113128079512233426288368622321503775666622503982534335974568884423900265498198385487948292206894721689831099698365846814022854243330660339850886445804001034933970427567186443383770486037861622771738545623065874679014086723327636718751234567890123456789012345678901e-308',
      '1.7976931348623157e308',
      '1.7976931348623158e308',
      '1.797693134862315807e308',
      '1.7976931348623159e308',
      '179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880',
      '2.4703282292062327e-324',
      '2.4703282292062328e-324',
      '4.9406564584124654e-324',
      '7.4109846876186981626e-324',
      '2.47032822920623272088284396434110686182e-324',
      '2.47032822920623272088284396434110686183e-324',
      '1e-400',
      '1e400',
      '-1e400',
      '0e999999999999',
      '1e999999999999999999999',
      '1e-999999999999999999999',
      '0.000000000000000000000000000000',
      '-0',
      '-0.0',
      '-0e5',
      '-1e-400',
      '1e23',
      '8.5e22',
      '6929495644600919.5',
      '3.1415926535897932384626433832795',
      '1.00000000000000011102230246251565404236316680908203125',
      '1.00000000000000011102230246251565404236316680908203124',
      '1.00000000000000011102230246251565404236316680908203126',
      `1.00000000000000011102230246251565404236316680908203125${'0'.repeat(800)}1`,
      `1${'0'.repeat(2000)}e-2000`,
      `0.${'0'.repeat(1999)}1e2000`,
      `${'9'.repeat(900)}e-890`,
      `0.${'0'.repeat(400)}${'7'.repeat(900)}e400`,
      '89255e-22',
      '104110013277974872254e-225',
      '5708990770823839524233143877797980545530986496e0',
      '0.1e-6',
      '18014398509481989.9999999999',
    ]),
    [],
  )
})

test('all that the grammar of numbers has is taken, and nothing else', t => {
  const numbers = ['5.', '-5.', '.5', '-.5', '5.e3', '-5.e3', '1E5', '1e+3', '1e0000005', '00012', '0.e0', '-00']
  t.deepEqual(mistakes(numbers), [])
  const invalid =
    `. - -. .e3 1e 1e+ 1e- 1e5.5 +0 +1 +.5 0x10 0x1p-2 0b11 0o17 1_000 1,000 e5 -e5 E --1 +-1 -+1 1.2.3 1..2 1e--2
    1e+-2 1e1e1 1.e 0e abc 1a 1f 1- 1+ infin infinit infinityx +-inf ++inf nan1 nan(1) in na i n + "1" true 1% 1234567890123456789x
    0.12345678901234567890e 1e400x`.split(/\s+/)
  t.deepEqual(
    invalid.filter(text => parse(text).valid),
    [],
  )
  t.false(parse('').valid)
})

test('infinities and not-a-number are taken in any case, with a plus too', t => {
  const groups: [bigint, string][] = [
    [0x7ff0000000000000n, 'Inf inf INF +Inf Infinity InFiNiTy +infinity'],
    [0xfff0000000000000n, '-Inf -inf -+inf -Infinity'],
    [0x7ff8000000000001n, 'NaN nan NAN -NaN +nan -+NaN nAn'],
  ]
  for (const [expected, texts] of groups) {
    for (const text of texts.split(' ')) t.like(parse(text), { valid: true, bits: expected, prefix: 0 }, text)
  }
})

test('underscores are taken where the reference falls back to a parser that knows them', t => {
  const taken: [string, string][] = [
    ['1234567890123456789_1', '12345678901234567891'],
    ['-123456789012345678_1', '-1234567890123456781'],
    ['123.1234567890123_1', '123.12345678901231'],
    ['0.123456789012345_1', '0.1234567890123451'],
    ['.1234567890123456_1', '0.12345678901234561'],
    ['1e301_1', '1e3011'],
    ['1e-301_0', '0'],
    ['1234567890123456789.5_5e1_0', '12345678901234567895500000000'],
  ]
  for (const [text, plain] of taken) t.like(parse(text), { valid: true, bits: bitsOf(Number(plain)) }, text)
  const invalid =
    `123456789012345678_1 -12345678901234567_1 123.123456789012_1 0.12345678901234_1 .123456789012345_1 1e300_1 1e301_
    1234567890123456789_ 1234567890123456789__1 1234567890123456789_.5 1234567890123456789._5 1234567890123456789.5_5e_10
    1234567890123456789.5_5_e10 _1234567890123456789`.split(/\s+/)
  t.deepEqual(
    invalid.filter(text => parse(text).valid),
    [],
  )
  t.false(parse(`${'1'.repeat(20)}_${'1'.repeat(2000)}`).valid, 'longer than the buffer for them')
})

test('what lies behind the end does not count', t => {
  for (const text of [
    '1',
    '-',
    '12',
    '1.',
    '1.5',
    '.5',
    '1e',
    '1e5',
    '1e+',
    '1234567',
    '12345678',
    '0.1234567',
    '123456789012345678',
  ]) {
    const expected = text === '-' || (text.startsWith('1e') && text !== '1e5') ? undefined : bitsOf(Number(text))
    for (const behind of ['3', '.', '.5', 'e5', '5e5', '-', '_1', '99999999999999999999999999999999999']) {
      t.is(kernel.parseWithin(text + behind, text.length), expected, `${text} before ${behind}`)
    }
  }
})

test('a prefix ends at the first byte that cannot continue the number', t => {
  const prefixes: [string, number][] = [
    ['1 2', 1],
    ['12\t', 2],
    ['5#x', 1],
    ['5.\r', 2],
    ['-7.25 1600000000000', 5],
    ['1e5.5', 3],
    ['1.2.3', 3],
    ['1a', 1],
    ['NaN', 0],
    ['+1', 0],
    ['1e', 0],
    ['', 0],
    ['-', 0],
    ['.', 0],
    ['.5.', 2],
    ['12345678901234567890123 ', 23],
    ['0x10', 1],
  ]
  for (const [text, length] of prefixes) t.is(parse(text).prefix, length, text)
})

test('any decimal text means what Number() says, and any other text is refused', t => {
  const grammar = /^-?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i
  const special = /^-?\+?(inf|infinity|nan)$/i
  const text = fc.stringMatching(/^[-+.eE0-9nNaAiIfF_ ]{0,24}$/)
  fc.assert(
    fc.property(text, text => {
      const plain = grammar.test(text)
      if (text.includes('_') && grammar.test(text.replaceAll('_', ''))) return
      t.is(parse(text).valid, plain || special.test(text), text)
      if (plain) t.is(parse(text).bits, bitsOf(Number(text)), text)
    }),
    { numRuns: 3000 },
  )
})

test('the table of powers is 5 ** q to 128 bits, rounded down, but up from -27 to -1', t => {
  const table = kernel.powers
  const bitLength = (n: bigint): number => n.toString(2).length
  for (let q = -342; q <= 308; q++) {
    const power = 5n ** BigInt(Math.abs(q))
    const length = bitLength(power)
    let expected = length > 128 ? power >> BigInt(length - 128) : power << BigInt(128 - length)
    if (q < 0) expected = (1n << BigInt(length + 127)) / power + (q >= -27 ? 1n : 0n)
    const index = (q + 342) * 2
    if (((table[index]! << 64n) | table[index + 1]!) !== expected) t.fail(`power ${q}`)
  }
  t.pass()
})
