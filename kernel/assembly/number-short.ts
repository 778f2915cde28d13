/*
 * Numbers of up to 15 bytes, as nearly all values of exporters are, when the end of the token is known: all digits at
 * once, with the dot taken out from among them.
 *
 *   short = [ "-" ] digits [ "." [ digits ] ] [ ( "e" | "E" ) ( "+" | "-" ) digit digit ]
 *
 * Where the next line begins does not depend on what is found here, so that the processor reads on meanwhile.
 */
import { toBits } from './number'

const MINUS: u32 = 0x2d
const PLUS: u32 = 0x2b
const DOT: u32 = 0x2e
const ZERO: u32 = 0x30
/** Makes an ASCII letter upper case. */
const CASE: u32 = 0xdf
const LETTER_E: u32 = 0x45

// Constants that are loaded cost less than those that V8 puts together, register by register.
const ZEROS = memory.data<u64>([0x3030303030303030, 0x3030303030303030], 16)
const NINES = memory.data<u64>([0x0909090909090909, 0x0909090909090909], 16)
const PLACES = memory.data<u64>([0x0706050403020100, 0x0f0e0d0c0b0a0908], 16)
const EVEN_BYTES = memory.data<u64>([0x00ff00ff00ff00ff, 0x00ff00ff00ff00ff], 16)
const TENS = memory.data<u64>([0x000a000a000a000a, 0x000a000a000a000a], 16)
const HUNDREDS = memory.data<u64>([0x0001006400010064, 0x0001006400010064], 16)
const TEN_THOUSANDS = memory.data<u64>([0x0001271000012710, 0x0001271000012710], 16)

/** The float64 that the last successful parse found. */
export let shortBits: u64 = 0

/**
 * Parses the token of `bytes` (0 to 15) at `p`, where the 16 bytes of `text` are. False if it has another form: it may
 * be a number nevertheless.
 */
// @ts-ignore: decorator
@inline
export function parseShortNumber(p: usize, text: v128, bytes: u32): bool {
  const values = v128.xor(text, v128.load(ZEROS))
  const areDigits = i8x16.eq(i8x16.min_u(values, v128.load(NINES)), values)
  // The places of all that is no digit: sign, dot, and end or exponent.
  let others = ~(<u32>i8x16.bitmask(areDigits))
  const negative = load<u8>(p) == MINUS
  if (negative) others &= others - 1
  const whole = <u32>ctz(others)
  if (whole == <u32>negative) return false
  let stop = whole
  let places = whole
  let exponent: i32 = 0
  if (load<u8>(p + whole) == DOT) {
    others &= others - 1
    stop = <u32>ctz(others)
    places = stop - 1
    exponent = whole - places
  }
  if (stop != bytes) {
    const suffix = load<u32>(p + stop)
    const sign = (suffix >> 8) & 0xff
    const tens = ((suffix >> 16) & 0xff) - ZERO
    const ones = (suffix >> 24) - ZERO
    if (stop + 4 != bytes || (suffix & CASE) != LETTER_E || tens > 9 || ones > 9) return false
    if (sign == PLUS) exponent += tens * 10 + ones
    else if (sign == MINUS) exponent -= tens * 10 + ones
    else return false
  }
  const mantissa = digitsValue(v128.and(values, areDigits), whole, places)
  shortBits = toBits(mantissa, exponent) | (<u64>negative << 63)
  return true
}

/** The number that the digits in the first `places` bytes make, the byte at `skipped` left out if it is among them. */
// @ts-ignore: decorator
@inline
function digitsValue(digits: v128, skipped: u32, places: u32): u64 {
  // Moves the digits to the end; places before the first one are negative, and give zeros.
  let from = i8x16.sub(v128.load(PLACES), i8x16.splat(<i8>(16 - places)))
  from = i8x16.sub(from, i8x16.ge_s(from, i8x16.splat(<i8>skipped)))
  const aligned = i8x16.swizzle(digits, from)
  // 0001020304050607 -> 01 23 45 67 -> 0123 4567 -> 01234567, twice.
  const tens = i16x8.mul(v128.and(aligned, v128.load(EVEN_BYTES)), v128.load(TENS))
  const twos = i16x8.add(tens, i16x8.shr_u(aligned, 8))
  const fours = i32x4.dot_i16x8_s(twos, v128.load(HUNDREDS))
  const eights = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_s(fours, fours), v128.load(TEN_THOUSANDS))
  const pair = <u64>i64x2.extract_lane(eights, 0)
  return <u64>(<u32>pair) * 100000000 + (pair >> 32)
}
