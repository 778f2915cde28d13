import test from 'ava'
import fc from 'fast-check'
import {
  parseBool,
  parseBytes,
  parseFloatingPoint,
  parseInteger,
  parseListInteger,
  showScalar,
} from '../../lib/cli/scalars.ts'

const SAFE = fc.maxSafeInteger()

test('a whole number reads back from decimal, hexadecimal, octal and binary', t => {
  fc.assert(
    fc.property(SAFE, fc.constantFrom(10, 16, 8, 2), (value, radix) => {
      const prefix = { 10: '', 16: '0x', 8: '0o', 2: '0b' }[radix]
      const text = `${value < 0 ? '-' : ''}${prefix}${Math.abs(value).toString(radix)}`
      return parseInteger(text) === value
    }),
  )
  t.pass()
})

test('a finite number reads back from its usual spelling', t => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
      t.is(parseFloatingPoint(String(value)), value === 0 ? 0 : value)
    }),
  )
})

test('a size reads back with each suffix, in any case', t => {
  const suffixes = {
    KB: 1e3,
    MB: 1e6,
    GB: 1e9,
    TB: 1e12,
    KiB: 2 ** 10,
    MiB: 2 ** 20,
    GiB: 2 ** 30,
    TiB: 2 ** 40,
    '': 1,
  }
  fc.assert(
    fc.property(
      fc.nat(8000),
      fc.constantFrom(...(Object.keys(suffixes) as (keyof typeof suffixes)[])),
      fc.constantFrom('asIs', 'lower', 'upper'),
      (count, suffix, letters) => {
        const spelled = { asIs: suffix, lower: suffix.toLowerCase(), upper: suffix.toUpperCase() }[letters]
        return parseBytes(`${count}${spelled}`) === count * suffixes[suffix]
      },
    ),
  )
  t.pass()
})

const table = <T>(what: string, parse: (text: string) => T, cases: readonly (readonly [text: string, value: T])[]) => {
  for (const [text, value] of cases) {
    test(`${JSON.stringify(text)} as ${what} is ${value}`, t => t.is(parse(text), value))
  }
}

table('a boolean', parseBool, [
  ['true', true],
  ['T', true],
  ['1', true],
  ['False', false],
  ['0', false],
  ['yes', undefined],
  ['tRUE', undefined],
  ['', undefined],
])
table('a whole number', parseInteger, [
  ['+5', 5],
  ['-0', 0],
  ['0', 0],
  ['010', 8],
  ['0_10', 8],
  ['0x_1F', 31],
  ['0X1f', 31],
  ['0b11', 3],
  ['1_000', 1000],
  ['08', undefined],
  ['0b12', undefined],
  ['1__0', undefined],
  ['_1', undefined],
  ['1_', undefined],
  ['5.0', undefined],
  ['1e3', undefined],
  ['f', undefined],
  ['', undefined],
  ['99999999999999999999', undefined],
])
table('an item of a list of whole numbers', parseListInteger, [
  ['010', 10],
  ['+5', 5],
  ['-3', -3],
  ['0x10', undefined],
  ['1_0', undefined],
  ['', undefined],
])
table('a number', parseFloatingPoint, [
  ['1e1', 10],
  ['.5', 0.5],
  ['5.', 5],
  ['-1_000.5', -1000.5],
  ['inf', undefined],
  ['NaN', undefined],
  ['.', undefined],
  ['', undefined],
  ['1e999', undefined],
])
table('a size', parseBytes, [
  ['1.5MiB', 1_572_864],
  ['1.7', 1],
  ['1e3', 1000],
  ['10kb', 10_000],
  ['0', 0],
  ['-5', undefined],
  ['1 MB', undefined],
  ['1K', undefined],
  ['1000B', undefined],
  ['MB', undefined],
  ['inf', undefined],
  ['', undefined],
  ['9000000TB', undefined],
])

test('values are shown in the spelling of the reference', t => {
  t.is(showScalar('bytes', '10kib'), '10KiB')
  t.is(showScalar('bytes', '2000kb'), '2000KB')
  t.is(showScalar('duration', '90m'), '1h30m0s')
  t.is(showScalar('int', '0x10'), '16')
  t.is(showScalar('bool', 'T'), 'true')
  t.is(showScalar('string', 'as it is'), 'as it is')
})
