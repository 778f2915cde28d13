const double = new Float64Array(1)
const bits = new BigUint64Array(double.buffer)

export function bitsOf(value: number): bigint {
  double[0] = value
  return bits[0]!
}

function doubleOf(pattern: bigint): number {
  bits[0] = pattern
  return double[0]!
}

/** A small repeatable random generator (mulberry32), since a million strings take fast-check too long. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const random = generator(20260417)
const below = (n: number): number => Math.floor(random() * n)

function randomDigits(count: number): string {
  let text = ''
  while (text.length < count) text += String(below(1e9)).padStart(9, '0')
  return text.slice(0, count)
}

/** A finite number with random bits: any exponent is as likely as any other. */
function randomDouble(): number {
  const value = doubleOf((BigInt(below(2 ** 32)) << 32n) | BigInt(below(2 ** 32)))
  return Number.isFinite(value) ? value : 1
}

const randomSubnormal = (): number => doubleOf((BigInt(below(2 ** 20)) << 32n) | BigInt(below(2 ** 32)))

/** The middle between |value| and the next larger double, as all of its digits and a power of ten. */
function middle(value: number): [digits: bigint, exponent: number] {
  const pattern = bitsOf(Math.abs(value))
  const biased = Number(pattern >> 52n)
  const fraction = pattern & ((1n << 52n) - 1n)
  const significand = 2n * (biased > 0 ? fraction | (1n << 52n) : fraction) + 1n
  const twos = Math.max(biased, 1) - 1023 - 53
  return twos >= 0 ? [significand << BigInt(twos), 0] : [significand * 5n ** BigInt(-twos), twos]
}

function nearMiddle(value: number): string {
  const [digits, exponent] = middle(value)
  const zeros = below(4) === 0 ? below(900) : below(3)
  const [tail, offset] = [
    ['', 0n],
    ['1', 0n],
    ['9', -1n],
  ][below(3)] as [string, bigint]
  const text = `${digits + offset}${tail === '9' ? '9'.repeat(zeros) : '0'.repeat(zeros)}`
  return `${text}${tail}e${exponent - zeros - tail.length}`
}

/** Kinds of numbers, how many of each to try, and how to make one. */
export const SHAPES: readonly (readonly [name: string, count: number, make: () => string])[] = [
  ['the shortest text of a double', 120_000, () => String(randomDouble())],
  ['15 to 25 digits of a double', 100_000, () => randomDouble().toExponential(14 + below(11))],
  ['1 to 100 digits of a double', 60_000, () => randomDouble().toPrecision(1 + below(100))],
  ['integers', 120_000, () => `${below(2) ? '-' : ''}${randomDigits(1 + below(18))}`],
  ['integers around the limits of 64 bits', 80_000, () => `${below(2) ? '-' : ''}${randomDigits(18 + below(6))}`],
  ['decimals', 150_000, () => `${randomDigits(1 + below(10))}.${randomDigits(below(13))}`],
  ['fixed decimals', 100_000, () => (random() * 1e6).toFixed(below(9))],
  ['exponents of every size', 100_000, () => `${randomDigits(1 + below(18))}e${below(700) - 350}`],
  ['long mantissas', 60_000, () => `${randomDigits(1 + below(40))}.${randomDigits(1 + below(40))}E${below(700) - 350}`],
  ['small fractions', 40_000, () => `0.${'0'.repeat(below(330))}${randomDigits(1 + below(30))}`],
  ['leading zeros', 40_000, () => `${'0'.repeat(below(30))}${randomDigits(5)}.${randomDigits(3)}`],
  ['subnormals', 40_000, () => randomSubnormal().toExponential(1 + below(30))],
  ['no integer part', 20_000, () => `-.${randomDigits(1 + below(25))}e${below(40) - 20}`],
  ['middles of neighbours', 10_000, () => nearMiddle(randomDouble())],
  ['middles of subnormals', 4_000, () => nearMiddle(randomSubnormal())],
]
