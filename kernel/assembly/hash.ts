// Seeded 64-bit hash of a key. Two lanes of multiply-rotate keep the multiplier busy; keys are mostly 20 to 120 bytes.

const K0: u64 = 0x9e3779b97f4a7c15
const K1: u64 = 0xc2b2ae3d27d4eb4f
const K2: u64 = 0xff51afd7ed558ccd

/** Hash of `length` bytes at `p`; up to 8 bytes past the end are read, none of them counts. */
// @ts-ignore: decorator
@inline
export function hashKey(p: usize, length: u32, seed: u64): u64 {
  let a: u64 = seed ^ (<u64>length * K0)
  let b: u64 = seed
  let left = length
  while (left >= 16) {
    a = rotl((a ^ load<u64>(p)) * K0, 29)
    b = rotl((b ^ load<u64>(p, 8)) * K1, 31)
    p += 16
    left -= 16
  }
  if (left >= 8) {
    a = rotl((a ^ load<u64>(p)) * K0, 29)
    p += 8
    left -= 8
  }
  // Shifting in two steps keeps the mask right for 0 bytes, where a shift by 64 would be a shift by 0.
  const mask = ~((<u64>-1 << (left << 2)) << (left << 2))
  b = rotl((b ^ (load<u64>(p) & mask)) * K1, 31)
  a ^= rotl(b, 17) * K2
  a = (a ^ (a >> 32)) * K2
  a = (a ^ (a >> 29)) * K0
  return a ^ (a >> 32)
}
