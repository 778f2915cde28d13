/*
 * mantissa * 10 ** exponent to float64, correctly rounded, in two steps:
 *
 * 1. Multiply the mantissa by a 128-bit approximation of the power. D. Lemire, "Number parsing at a gigabyte per
 *    second" (2021); for a mantissa that fits in 64 bits the result is always right: N. Mushtak and D. Lemire, "Fast
 *    number parsing without fallback" (2023).
 * 2. A longer mantissa was cut off, and lies between two such products. When they round to different numbers, which
 *    are then neighbours, its digits are compared with the middle of the two in integers of any length.
 */
import { POWERS_128, POWER_MAX, POWER_MIN } from './number-powers'

const MANTISSA_BITS: u64 = 52
const HIDDEN_BIT: u64 = 1 << MANTISSA_BITS
const EXPONENT_BIAS: i32 = 1023
const INFINITY_BITS: u64 = 0x7ff0000000000000

/** Of a product only the upper 55 bits matter: the mantissa, its hidden bit and two bits to round by. */
const LOWER_BITS_MASK: u64 = u64.MAX_VALUE >> 55

/** mantissa * 10 ** exponent. */
export function decimalToBits(mantissa: u64, exponent: i32): u64 {
  if (mantissa == 0 || exponent < POWER_MIN) return 0
  if (exponent > POWER_MAX) return INFINITY_BITS

  const leadingZeros = <i32>clz(mantissa)
  mantissa <<= <u64>leadingZeros
  const power = POWERS_128 + (<usize>(exponent - POWER_MIN) << 4)
  let high = multiplyHigh(mantissa, load<u64>(power))
  let low = mantissa * load<u64>(power)
  if ((high & LOWER_BITS_MASK) == LOWER_BITS_MASK) {
    // A carry from below could reach the bits that matter: take the power's lower half into account.
    const carry = multiplyHigh(mantissa, load<u64>(power, 8))
    low += carry
    high += u64(low < carry)
  }

  const upperBit = high >> 63
  const shift = upperBit + 9
  let bits = high >> shift
  // floor(log2(10 ** exponent)) + 63 is (217706 * exponent >> 16) + 63 in this range.
  let biased = ((217706 * exponent) >> 16) + 63 + <i32>upperBit - leadingZeros + EXPONENT_BIAS
  if (biased <= 0) return subnormal(bits, biased)

  // Exactly between two numbers, which happens for small powers only: round to the even one.
  if (low <= 1 && exponent >= -4 && exponent <= 23 && (bits & 3) == 1 && bits << shift == high) bits &= ~1
  bits = (bits + (bits & 1)) >> 1
  if (bits >= HIDDEN_BIT << 1) {
    bits = HIDDEN_BIT
    biased++
  }
  return biased >= 2047 ? INFINITY_BITS : (bits & ~HIDDEN_BIT) | (<u64>biased << MANTISSA_BITS)
}

function subnormal(bits: u64, biased: i32): u64 {
  if (biased < -62) return 0
  bits >>= <u64>(1 - biased)
  // Rounding up may give the smallest normal number; its exponent field is then right by itself.
  return (bits + (bits & 1)) >> 1
}

/** The upper half of a * b. */
// @ts-ignore: decorator
@inline
function multiplyHigh(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff
  const aHigh = a >> 32
  const bLow = b & 0xffffffff
  const bHigh = b >> 32
  const middle = aHigh * bLow + ((aLow * bLow) >> 32)
  const other = aLow * bHigh + (middle & 0xffffffff)
  return aHigh * bHigh + (middle >> 32) + (other >> 32)
}

/**
 * mantissa.something * 10 ** exponent, where `mantissa` holds the first 19 digits of a longer number, and not all the
 * further ones are 0. `firstDigit` is the place of its first digit that is not 0; the digits end before `end`.
 */
export function roundExact(mantissa: u64, exponent: i32, firstDigit: usize, end: usize): u64 {
  const below = decimalToBits(mantissa, exponent)
  const above = decimalToBits(mantissa + 1, exponent)
  if (below == above) return below
  const side = compareWithMiddle(below, exponent + 19, firstDigit, end)
  if (side == 0) return below + (below & 1)
  return side < 0 ? below : above
}

/*
 * Natural numbers of up to LIMBS_MAX 32-bit limbs, lowest first: [u32 length][limbs].
 * 768 digits decide any case, for the middle of two neighbours has no more: 2552 bits. The other side is of the same
 * size, up to the shift that brings both to the same power of two.
 */
const LIMBS_MAX = 128
const DECIMAL_DIGITS_MAX: i32 = 768
const DECIMAL = memory.data(4 + LIMBS_MAX * 4, 4)
const MIDDLE = memory.data(4 + LIMBS_MAX * 4, 4)

/**
 * Compares 0.DIGITS * 10 ** point with the middle between the number of `bits` and the next larger one:
 * -1, 0 or 1 as it is less, equal or greater.
 */
function compareWithMiddle(bits: u64, point: i32, firstDigit: usize, end: usize): i32 {
  const digits = readDigits(firstDigit, end)
  const power = point - digits

  const biased = <i32>(bits >> MANTISSA_BITS)
  const significand = (bits & (HIDDEN_BIT - 1)) | (biased > 0 ? HIDDEN_BIT : 0)
  const middle = (significand << 1) | 1
  store<u32>(MIDDLE, 2)
  store<u64>(MIDDLE, middle, 4)
  // The middle is middle * 2 ** twos; the digits are DECIMAL * 5 ** power * 2 ** power.
  const twos = max(biased, 1) - EXPONENT_BIAS - 53
  if (power >= 0) multiplyByFives(DECIMAL, power)
  else multiplyByFives(MIDDLE, -power)
  if (twos > power) shiftLeft(MIDDLE, twos - power)
  else shiftLeft(DECIMAL, power - twos)

  const side = compare(DECIMAL, MIDDLE)
  return side == 0 && moreDigits ? 1 : side
}

/** Set by `readDigits`: some of the digits that it left out is not 0. */
let moreDigits: bool = false

/** Reads up to DECIMAL_DIGITS_MAX digits into DECIMAL, and returns how many. */
function readDigits(p: usize, end: usize): i32 {
  store<u32>(DECIMAL, 0)
  moreDigits = false
  let count: i32 = 0
  let group: u32 = 0
  let weight: u32 = 1
  for (; p < end; ++p) {
    const byte: u32 = load<u8>(p)
    if (byte == 0x2e) continue
    const digit = byte - 0x30
    if (digit > 9) break
    if (count == DECIMAL_DIGITS_MAX) {
      moreDigits = moreDigits || digit != 0
      continue
    }
    group = group * 10 + digit
    weight *= 10
    count++
    if (weight == 1000000000) {
      multiplyAdd(DECIMAL, weight, group)
      group = 0
      weight = 1
    }
  }
  multiplyAdd(DECIMAL, weight, group)
  return count
}

/** number = number * factor + addend */
function multiplyAdd(number: usize, factor: u32, addend: u32): void {
  const length = load<u32>(number)
  const last = number + (<usize>length << 2)
  let carry: u64 = addend
  for (let at = number + 4; at <= last; at += 4) {
    carry += <u64>load<u32>(at) * factor
    store<u32>(at, <u32>carry)
    carry >>= 32
  }
  if (carry != 0) {
    store<u32>(last, <u32>carry, 4)
    store<u32>(number, length + 1)
  }
}

/** number = number * 5 ** count */
function multiplyByFives(number: usize, count: i32): void {
  for (; count >= 13; count -= 13) multiplyAdd(number, 1220703125, 0)
  for (; count > 0; --count) multiplyAdd(number, 5, 0)
}

/** number = number * 2 ** count */
function shiftLeft(number: usize, count: i32): void {
  for (; count >= 31; count -= 31) multiplyAdd(number, 1 << 31, 0)
  if (count > 0) multiplyAdd(number, 1 << count, 0)
}

function compare(a: usize, b: usize): i32 {
  let length = significantLimbs(a)
  const lengthOfB = significantLimbs(b)
  if (length != lengthOfB) return length < lengthOfB ? -1 : 1
  for (; length > 0; --length) {
    const limbOfA = load<u32>(a + (<usize>length << 2))
    const limbOfB = load<u32>(b + (<usize>length << 2))
    if (limbOfA != limbOfB) return limbOfA < limbOfB ? -1 : 1
  }
  return 0
}

/** Length without leading zeros: a fresh MIDDLE may have one. */
function significantLimbs(number: usize): u32 {
  let length = load<u32>(number)
  while (length > 0 && load<u32>(number + (<usize>length << 2)) == 0) --length
  return length
}
