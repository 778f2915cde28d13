/*
 * Text to float64, correctly rounded.
 *
 *   number  = [ "-" ] ( digits [ "." [ digits ] ] | "." digits ) [ ( "e" | "E" ) [ "+" | "-" ] digits ]
 *   special = [ "-" ] [ "+" ] ( "inf" | "infinity" | "nan" ), in any case
 *
 * A number whose mantissa or exponent is long may also have an underscore between two digits; see `allowsUnderscores`.
 * Numbers of up to 19 digits, which is all that exporters print, are read eight bytes at a time and take 3 to 15 ns.
 * There is nothing to allocate: the result is a global, since WebAssembly functions of AssemblyScript return one value.
 */
import { decimalToBits, roundExact } from './number-binary'
import { POWERS_F64, POWERS_U64 } from './number-powers'

const MINUS: u32 = 0x2d
const PLUS: u32 = 0x2b
const DOT: u32 = 0x2e
const SPACE: u32 = 0x20
const ZERO: u32 = 0x30
const UNDERSCORE: u32 = 0x5f
/** Makes an ASCII letter lower case. */
const CASE: u32 = 0x20
const LETTER_E: u32 = 0x65

const SIGN_BIT: u64 = 0x8000000000000000
const INFINITY_BITS: u64 = 0x7ff0000000000000
const NAN_BITS: u64 = 0x7ff8000000000001

/** So many digits always fit into a u64. */
const DIGITS_MAX: u32 = 19
/** Beyond it every exponent gives 0 or infinity, whatever the mantissa; adding to it cannot overflow an i32. */
const EXPONENT_MAX: i32 = 1 << 29

const ASCII_ZEROS: u64 = 0x3030303030303030

/** The float64 that the last successful parse found. */
export let numberBits: u64 = 0

/**
 * Parses the longest number without underscores that begins at `p`, and ends at `end` or before it. Returns the place
 * behind it, or 0 if there is none: then the token may still be one of those that `parseNumber` knows.
 * Up to 32 bytes past `end` are read, none of them counts.
 */
export function parseNumberPrefix(p: usize, end: usize): usize {
  // One digit is the commonest number. A blank or line feed follows, and cannot continue it.
  const first = <u32>load<u8>(p) - ZERO
  if (first <= 9 && load<u8>(p, 1) <= SPACE && p < end) {
    numberBits = reinterpret<u64>(<f64>(<i32>first))
    return p + 1
  }
  const start = p
  const negative = first == MINUS - ZERO
  // A branch and not a sum: the next load need not wait for this one.
  if (negative) p++

  // The places of all that is no digit in the next 32 bytes: the dot is the first one, the end the second.
  const others = otherThanDigits(p)
  const whole = <u32>ctz(others)
  let last = p + whole
  let digits = whole
  let fraction: u32 = 0
  if (load<u8>(last) == DOT) {
    fraction = <u32>ctz(others & (others - 1)) - whole - 1
    last += 1 + fraction
    digits += fraction
  }
  // Rare: many digits, ".5", and digits that run past the end, where what lies behind it must be told apart.
  if (digits > DIGITS_MAX || whole == 0 || last > end) return parseSlowly(start, end)

  let mantissa = digitsValue(p, whole)
  if (fraction > 0) {
    mantissa = mantissa * load<u64>(POWERS_U64 + (<usize>fraction << 3)) + digitsValue(last - fraction, fraction)
  }
  let exponent = -<i32>fraction
  if (last < end && (<u32>load<u8>(last) | CASE) == LETTER_E) {
    last = readExponent(last, end)
    if (last == 0) return 0
    exponent += exponentRead
  }
  numberBits = toBits(mantissa, exponent) | (<u64>negative << 63)
  return last
}

/** Parses a token that is a number from `p` to `end`, all of it. Returns 1, or 0 if it is not valid. */
export function parseNumber(p: usize, end: usize): i32 {
  if (p >= end) return 0
  const last = parseNumberPrefix(p, end)
  if (last == end) return 1
  if (last == 0) return <i32>parseSpecial(p, end)
  return load<u8>(last) == UNDERSCORE ? <i32>parseUnderscores(p, last, end) : 0
}

/** Bit i is set if byte i at `p` is not a digit, for 32 bytes; and so is every bit from 32 on. */
// @ts-ignore: decorator
@inline
function otherThanDigits(p: usize): u64 {
  // "0" + 0x46 to "9" + 0x46 are the ten largest signed bytes.
  const shift = i8x16.splat(0x46)
  const limit = i8x16.splat(0x75)
  const low = i8x16.bitmask(i8x16.gt_s(i8x16.add(v128.load(p), shift), limit))
  const high = i8x16.bitmask(i8x16.gt_s(i8x16.add(v128.load(p, 16), shift), limit))
  return ~<u64>(<u32>low | (<u32>high << 16))
}

/** The value of the `count` digits (1 to DIGITS_MAX) at `p`. */
// @ts-ignore: decorator
@inline
function digitsValue(p: usize, count: u32): u64 {
  return count <= 8 ? upToEightDigits(p, count) : manyDigits(p, count)
}

function manyDigits(p: usize, count: u32): u64 {
  let value: u64 = 0
  for (; count > 8; count -= 8) {
    value = value * 100000000 + upToEightDigits(p, 8)
    p += 8
  }
  return value * load<u64>(POWERS_U64 + (<usize>count << 3)) + upToEightDigits(p, count)
}

// @ts-ignore: decorator
@inline
function upToEightDigits(p: usize, count: u32): u64 {
  // Shifting out what follows the digits shifts in leading zeros. Then "12345678" -> 12 34 56 78 -> 1234 5678 ->
  // 12345678.
  let word = (load<u64>(p) ^ ASCII_ZEROS) << <u64>(64 - (count << 3))
  word = word * 10 + (word >> 8)
  const evens = (word & 0x000000ff000000ff) * 0x000f424000000064
  const odds = ((word >> 16) & 0x000000ff000000ff) * 0x0000271000000001
  return (evens + odds) >> 32
}

/** mantissa * 10 ** exponent, correctly rounded. */
// @ts-ignore: decorator
@inline
export function toBits(mantissa: u64, exponent: i32): u64 {
  // Clinger: both operands are exact, so that the one operation rounds correctly.
  if (mantissa >> 53 == 0) {
    const value = <f64>(<i64>mantissa)
    if (exponent == 0) return reinterpret<u64>(value)
    if (exponent < 0) {
      if (exponent >= -22) return reinterpret<u64>(value / load<f64>(POWERS_F64 + (<usize>-exponent << 3)))
    } else if (exponent <= 22) {
      return reinterpret<u64>(value * load<f64>(POWERS_F64 + (<usize>exponent << 3)))
    }
  }
  return decimalToBits(mantissa, exponent)
}

let exponentRead: i32 = 0

/** Reads the exponent whose "e" is at `p` into `exponentRead`. Returns the place behind it, 0 if it has no digit. */
function readExponent(p: usize, end: usize): usize {
  p++
  let negative = false
  if (p < end) {
    const sign: u32 = load<u8>(p)
    negative = sign == MINUS
    if (negative || sign == PLUS) p++
  }
  const first = p
  let value: i32 = 0
  for (; p < end; ++p) {
    const digit = <u32>load<u8>(p) - ZERO
    if (digit > 9) break
    if (value < EXPONENT_MAX / 10) value = value * 10 + <i32>digit
  }
  if (p == first) return 0
  exponentRead = negative ? -value : value
  return p
}

/** As `parseNumberPrefix`, byte for byte: for many digits, no integer part, and text that ends in a number. */
function parseSlowly(start: usize, end: usize): usize {
  let p = start
  const negative = load<u8>(p) == MINUS
  if (negative) p++

  let mantissa: u64 = 0
  let digits: u32 = 0
  let exponent: i32 = 0
  let cutOff: u32 = 0
  let firstDigit: usize = 0
  let dot: usize = 0
  let seen = false
  for (; p < end; ++p) {
    const byte: u32 = load<u8>(p)
    const digit = byte - ZERO
    if (digit > 9) {
      if (byte != DOT || dot != 0) break
      dot = p
      continue
    }
    seen = true
    if (digits < DIGITS_MAX) {
      mantissa = mantissa * 10 + digit
      if (digits > 0 || digit > 0) {
        if (digits == 0) firstDigit = p
        digits++
      }
      exponent -= i32(dot != 0)
    } else {
      cutOff |= digit
      exponent += i32(dot == 0)
    }
  }
  if (!seen) return 0
  if (p < end && (<u32>load<u8>(p) | CASE) == LETTER_E) {
    p = readExponent(p, end)
    if (p == 0) return 0
    exponent += exponentRead
  }
  const bits = cutOff == 0 ? toBits(mantissa, exponent) : roundExact(mantissa, exponent, firstDigit, end)
  numberBits = bits | (<u64>negative << 63)
  return p
}

function parseSpecial(p: usize, end: usize): bool {
  const negative = load<u8>(p) == MINUS
  if (negative) p++
  if (p < end && load<u8>(p) == PLUS) p++
  const length = end - p
  if (length != 3 && length != 8) return false
  const word = (<u32>load<u16>(p) | (<u32>load<u8>(p, 2) << 16)) | 0x202020
  if (length == 3 && word == 0x6e616e) {
    numberBits = NAN_BITS
    return true
  }
  const inity = (<u64>load<u32>(p, 3) | (<u64>load<u8>(p, 7) << 32)) | 0x2020202020
  if (word != 0x666e69 || (length == 8 && inity != 0x7974696e69)) return false
  numberBits = INFINITY_BITS | (negative ? SIGN_BIT : 0)
  return true
}

/** A token with underscores may be so long. */
const UNDERSCORED_BYTES_MAX: usize = 1024
const UNDERSCORED = memory.data(<i32>UNDERSCORED_BYTES_MAX + 16)

/** The token from `p` to `end`, whose first underscore is at `stop`: each must stand between two digits. */
function parseUnderscores(p: usize, stop: usize, end: usize): bool {
  if (!allowsUnderscores(p, stop) || end - p > UNDERSCORED_BYTES_MAX) return false
  let to = UNDERSCORED
  for (; p < end; ++p) {
    const byte: u32 = load<u8>(p)
    if (byte != UNDERSCORE) store<u8>(to++, byte)
    else if (p + 1 == end || !isDigit(load<u8>(p - 1)) || !isDigit(load<u8>(p + 1))) return false
  }
  return parseNumberPrefix(UNDERSCORED, to) == to
}

/**
 * vmagent reads most numbers with a fast parser, which knows no underscores, and leaves those to Go's
 * strconv.ParseFloat, which does, whose integer part and sign take more than 18 bytes, whose mantissa with a fraction
 * takes 17 bytes or more without its sign, or whose exponent is above 300.
 */
function allowsUnderscores(start: usize, stop: usize): bool {
  const mantissa = start + usize(load<u8>(start) == MINUS)
  let p = skipDigits(mantissa, stop)
  if (p - start > 18) return true
  if (p < stop && load<u8>(p) == DOT) {
    const fraction = p + 1
    p = skipDigits(fraction, stop)
    if (p > fraction && p - mantissa >= 17) return true
  }
  return p < stop && readExponent(p, stop) == stop && abs(exponentRead) > 300
}

function skipDigits(p: usize, end: usize): usize {
  while (p < end && isDigit(load<u8>(p))) p++
  return p
}

// @ts-ignore: decorator
@inline
function isDigit(byte: u32): bool {
  return byte - ZERO <= 9
}
