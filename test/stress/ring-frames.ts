/** Frames that both threads of ring.test.ts can make: number, length, and every byte follows from the number. */

/** @returns sizes from 4 to `payloadBytesMax`, the same for the same seed (xorshift32). */
export function frameSizes(seed: number, payloadBytesMax: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return 4 + ((state >>> 0) % (payloadBytesMax - 3))
  }
}

export function fillFrame(bytes: Uint8Array, start: number, payloadBytes: number, n: number): void {
  bytes[start] = n
  bytes[start + 1] = n >>> 8
  bytes[start + 2] = n >>> 16
  bytes[start + 3] = n >>> 24
  for (let at = 4; at < payloadBytes; at++) bytes[start + at] = n * 31 + at
}

/** @returns undefined if the frame is number `n` and whole, else what is wrong with it */
export function frameFault(bytes: Uint8Array, start: number, payloadBytes: number, n: number): string | undefined {
  const number = bytes[start]! | (bytes[start + 1]! << 8) | (bytes[start + 2]! << 16) | (bytes[start + 3]! << 24)
  if (number !== n) return `frame ${n} is ${number}`
  for (let at = 4; at < payloadBytes; at++) {
    if (bytes[start + at] !== ((n * 31 + at) & 0xff)) return `frame ${n} differs at ${at} of ${payloadBytes}`
  }
  return undefined
}
