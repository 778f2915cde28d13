/** A value over time, in seconds since the start; the same time gives the same value. */
export type Curve = (seconds: number) => number

/** Numbers from 0 up to 1, the same ones in each run. */
export type Random = () => number

/** A small generator of the xorshift family (Marsaglia 2003, 13-17-5). @param seed a whole number, not 0 */
export function createRandom(seed: number): Random {
  let state = scatter(seed)
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** Maps numbers of 32 bits to each other, neighbours far apart, and only 0 to 0. */
export function scatter(number: number): number {
  return Math.imul(number, 0x9e3779b1) >>> 0
}

/** The longest wave of a curve; the shortest is an eighth of it. */
const WAVE_SECONDS_MAX = 80

/** Moves around `middle` by up to `swing`: a long wave and a short one on top of it. */
export function gauge(middle: number, swing: number, random: Random): Curve {
  const long = wave(WAVE_SECONDS_MAX * (0.5 + random() / 2), random)
  const short = wave(WAVE_SECONDS_MAX * (0.125 + random() / 8), random)
  return seconds => middle + swing * (0.7 * long.at(seconds) + 0.3 * short.at(seconds))
}

/** Grows for ever by `perSecond` in the mean, now faster and now slower, as if it had begun an hour or two ago. */
export function counter(perSecond: number, random: Random): Curve {
  const before = 3600 * (1 + random())
  const { sumAt } = wave(WAVE_SECONDS_MAX * (0.25 + random() / 2), random)
  // The rate is perSecond * (1 + 0.6 * wave), which is never below 0.
  return seconds => perSecond * (before + seconds + 0.6 * sumAt(seconds))
}

/** The curve with `digits` decimals; a counter stays one. */
export function rounded(curve: Curve, digits: number): Curve {
  const scale = 10 ** digits
  return seconds => Math.floor(curve(seconds) * scale) / scale
}

/** A sine of height 1, and what it adds up to over time. */
function wave(periodSeconds: number, random: Random): { at: Curve; sumAt: Curve } {
  const speed = (2 * Math.PI) / periodSeconds
  const phase = 2 * Math.PI * random()
  return {
    at: seconds => Math.sin(speed * seconds + phase),
    sumAt: seconds => (Math.cos(phase) - Math.cos(speed * seconds + phase)) / speed,
  }
}
