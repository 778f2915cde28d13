/*
 * What Linux says about running processes, and the little statistics that the figures need.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** Ticks a second in which the kernel tells CPU time; fixed in its interface to programs. */
const TICKS_PER_SECOND = 100
/** Places in /proc/PID/stat, counted from the state that follows the command in parentheses. */
const STAT_GROUP = 2
const STAT_USER_TICKS = 11
const STAT_SYSTEM_TICKS = 12

export type Usage = {
  /** User and system time of all living processes of the group, since each of them started. */
  readonly cpuSeconds: number
  readonly rssMiB: number
  readonly anonMiB: number
  readonly sharedMiB: number
}

/** Sums up all processes of a process group. */
export function groupUsage(groupId: number): Usage {
  const usage = { cpuSeconds: 0, rssMiB: 0, anonMiB: 0, sharedMiB: 0 }
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number)
      if (fields[STAT_GROUP] !== groupId) continue
      const status = readFileSync(`/proc/${pid}/status`, 'latin1')
      usage.cpuSeconds += (fields[STAT_USER_TICKS]! + fields[STAT_SYSTEM_TICKS]!) / TICKS_PER_SECOND
      usage.rssMiB += statusMiB(status, 'VmRSS')
      usage.anonMiB += statusMiB(status, 'RssAnon')
      usage.sharedMiB += statusMiB(status, 'RssShmem')
    } catch (error) {
      // A process may end between two reads.
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' && code !== 'ESRCH') throw error
    }
  }
  return usage
}

function statusMiB(status: string, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)
  return match ? Number(match[1]) / 1024 : 0
}

/** @throws RangeError without values */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median of nothing')
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export type Line = { readonly slope: number; readonly standardError: number }

/**
 * Least squares through points `[x, y]` at even distances. What is left beside the line is taken to depend on what was
 * left at the point before it (AR(1)), as it does where a quantity swings: points that stick together count for fewer.
 *
 * @throws RangeError with fewer than three points
 */
export function fitLine(points: readonly (readonly [number, number])[]): Line {
  const count = points.length
  if (count < 3) throw new RangeError(`a line through ${count} points says nothing`)
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count
  const spreadX = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spreadX
  const left = points.map(([x, y]) => y - meanY - slope * (x - meanX))
  const residue = left.reduce((sum, rest) => sum + rest ** 2, 0)
  if (residue === 0) return { slope, standardError: 0 }
  const lagged = left.slice(1).reduce((sum, rest, index) => sum + rest * left[index]!, 0)
  const correlation = Math.min(0.99, Math.max(0, lagged / residue))
  const independent = Math.sqrt(residue / (count - 2) / spreadX)
  return { slope, standardError: independent * Math.sqrt((1 + correlation) / (1 - correlation)) }
}

/** Means of `parts` runs of points, in order; of all points, where there are fewer. */
export function meansOf(points: readonly (readonly [number, number])[], parts: number): (readonly [number, number])[] {
  const size = Math.max(1, Math.floor(points.length / parts))
  const means: (readonly [number, number])[] = []
  for (let from = 0; from + size <= points.length; from += size) {
    const run = points.slice(from, from + size)
    means.push([run.reduce((sum, [x]) => sum + x, 0) / size, run.reduce((sum, [, y]) => sum + y, 0) / size])
  }
  return means
}
