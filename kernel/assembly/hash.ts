// Seeded 48-bit hash of a key, by which alone series are told apart. Two lanes, so that the multiplier need not wait
// for itself; keys are mostly 20 to 120 bytes. The end of a key is read as its last 16 bytes, which may have been read
// before: that spares the branches on what is left.

/** An entry has room for so many bits: among a thousand million replaced series none is taken for the one before it. */
export const HASH_MASK: u64 = 0xffffffffffff

const K0: u64 = 0x9e3779b97f4a7c15
const K1: u64 = 0xc2b2ae3d27d4eb4f
const K2: u64 = 0xff51afd7ed558ccd

/**
 * Each word is multiplied before it comes to its lane, and with it again. One multiplication would not do: it carries
 * upwards only, and keys that differ in the last byte of a word, and in one byte of another, are the rule.
 */
// @ts-ignore: decorator
@inline
function mix(lane: u64, word: u64): u64 {
  return rotl(lane + word * K1, 31) * K0
}

/** Hash of `length` bytes at `p`; up to 8 bytes past the end are read, none of them counts. */
// @ts-ignore: decorator
@inline
export function hashKey(p: usize, length: u32, seed: u64): u64 {
  let a: u64 = seed + <u64>length * K2
  let b: u64 = seed ^ K1
  if (length >= 16) {
    const last = p + length - 16
    for (; p < last; p += 16) {
      a = mix(a, load<u64>(p))
      b = mix(b, load<u64>(p, 8))
    }
    a = mix(a, load<u64>(last))
    b = mix(b, load<u64>(last, 8))
  } else {
    if (length >= 8) {
      a = mix(a, load<u64>(p))
      p += 8
    }
    // Shifting in two steps keeps the mask right for 0 bytes, where a shift by 64 would be a shift by 0.
    const left = length & 7
    b = mix(b, load<u64>(p) & ~((<u64>-1 << (left << 2)) << (left << 2)))
  }
  a ^= rotl(b, 29) * K2
  a = (a ^ (a >> 32)) * K2
  return (a ^ (a >> 29)) & HASH_MASK
}
