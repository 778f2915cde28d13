// Seeded 64-bit hash of a key. Two lanes, so that the multiplier need not wait for itself; keys are mostly 20 to 120
// bytes. Each word is multiplied before it comes to its lane, which keeps that off the lane's chain, and folded: the
// last byte of a word must reach as many bits as the first, for keys that differ in two bytes only are the rule.

const K0: u64 = 0x9e3779b97f4a7c15
const K1: u64 = 0xc2b2ae3d27d4eb4f
const K2: u64 = 0xff51afd7ed558ccd

// @ts-ignore: decorator
@inline
function mix(lane: u64, word: u64): u64 {
  const product = word * K1
  return rotl(lane + (product ^ (product >> 32)), 40) * K0
}

/** Hash of `length` bytes at `p`; up to 8 bytes past the end are read, none of them counts. */
// @ts-ignore: decorator
@inline
export function hashKey(p: usize, length: u32, seed: u64): u64 {
  let a: u64 = seed + <u64>length * K2
  let b: u64 = seed ^ K1
  let left = length
  while (left >= 16) {
    a = mix(a, load<u64>(p))
    b = mix(b, load<u64>(p, 8))
    p += 16
    left -= 16
  }
  if (left >= 8) {
    a = mix(a, load<u64>(p))
    p += 8
    left -= 8
  }
  // Shifting in two steps keeps the mask right for 0 bytes, where a shift by 64 would be a shift by 0.
  const mask = ~((<u64>-1 << (left << 2)) << (left << 2))
  b = mix(b, load<u64>(p) & mask)
  a ^= rotl(b, 29) * K2
  a = (a ^ (a >> 32)) * K2
  return a ^ (a >> 29)
}
