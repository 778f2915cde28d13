/*
 * Shortens a text without changing its CRC-32 (RFC 1952, section 8).
 *
 * A CRC is the rest that the text, read as a polynomial over GF(2), leaves when it is divided by P. What has a multiple of
 * P added leaves the same rest, and P divides
 *
 *     1 + y^89 + y^117 + y^155 + y^300,  with y = x^128
 *
 * So a block of 16 bytes (one y) may be taken away if it is added to the blocks 145, 183, 211 and 300 places behind it:
 * four XORs, where a table takes a look-up for each byte. That goes on until 300 blocks are left.
 */
import { FOLD_AT, FOLD_BYTES, FOLD_REACH_BYTES, FOLD_TAIL_AT } from '../layout'

const BLOCK_BYTES: usize = 16
const REACH: usize = FOLD_REACH_BYTES
const START: usize = FOLD_AT
const END: usize = START + FOLD_BYTES
const TAIL: usize = FOLD_TAIL_AT
// How far in front of the block that is made those blocks lie that were taken away before it, counted from the farthest.
const SECOND: usize = (300 - 211) * BLOCK_BYTES
const THIRD: usize = (300 - 183) * BLOCK_BYTES
const FOURTH: usize = (300 - 145) * BLOCK_BYTES

/** The block of the text at `p` with all that is added to it; `behind` is REACH before its place in the scratch. */
// @ts-ignore: decorator
@inline
function folded(p: usize, behind: usize): v128 {
  const pair = v128.xor(v128.load(behind), v128.load(behind, SECOND))
  const other = v128.xor(v128.load(behind, THIRD), v128.load(behind, FOURTH))
  return v128.xor(v128.load(p), v128.xor(pair, other))
}

/**
 * Leaves at FOLD_TAIL_AT a text that has, with a register of 0, the CRC that the `bytes` at `p` have with `register`.
 *
 * @param bytes at least FOLD_TEXT_BYTES_MIN
 * @returns how long it is: at most FOLD_TAIL_BYTES
 */
export function foldCrc(p: usize, bytes: u32, register: u32): u32 {
  const rest = bytes % <u32>BLOCK_BYTES
  const stop = p + (bytes - rest) - REACH
  // Nothing was taken away before the first block. The register goes on at its first bytes.
  memory.fill(START, 0, REACH)
  v128.store(START + REACH, v128.xor(v128.load(p), i32x4.replace_lane(i32x4.splat(0), 0, register)))
  p += BLOCK_BYTES
  let behind: usize = START + BLOCK_BYTES
  while (p < stop) {
    const end = min(stop, p + (END - REACH - behind))
    for (; p < end; p += BLOCK_BYTES, behind += BLOCK_BYTES) v128.store(behind, folded(p, behind), REACH)
    memory.copy(START, behind, REACH)
    behind = START
  }
  // The last blocks take in what is due to them, and stay.
  memory.fill(behind + REACH, 0, REACH)
  for (let at: usize = 0; at < REACH; at += BLOCK_BYTES) v128.store(TAIL + at, folded(p + at, behind + at))
  memory.copy(TAIL + REACH, p + REACH, rest)
  return <u32>REACH + rest
}
