import { readdirSync, readFileSync } from 'node:fs'

/** Lines of `/proc/self/status` that hold sizes (kB, as KiB) or counts. */
export type ProcessStatus = {
  readonly virtualBytes: number
  readonly virtualPeakBytes: number
  readonly residentBytes: number
  readonly residentPeakBytes: number
  readonly residentAnonBytes: number
  readonly residentFileBytes: number
  readonly residentSharedBytes: number
  readonly threads: number
}

/** `/proc/self/io`; `storage…` went to or came from a disk. */
export type ProcessIo = {
  readonly readBytes: number
  readonly writtenBytes: number
  readonly readSyscalls: number
  readonly writeSyscalls: number
  readonly storageReadBytes: number
  readonly storageWrittenBytes: number
}

/** A pressure stall file: some tasks waited, or all of them stalled, in all since boot. */
export type Pressure = { readonly waitingSeconds: number; readonly stalledSeconds: number }

/** What the kernel says about this process; undefined where it does not say (not Linux, or not allowed). */
export type ProcessFacts = {
  readonly status: ProcessStatus | undefined
  readonly io: ProcessIo | undefined
  readonly openFiles: number | undefined
  readonly openFilesMax: number | undefined
  readonly pressure: Readonly<Record<PressureKind, Pressure | undefined>>
}

export const PRESSURE_KINDS = ['cpu', 'io', 'memory'] as const
export type PressureKind = (typeof PRESSURE_KINDS)[number]

/** Reads `/proc` and the process's cgroup now; a few small files that cost no disk access. */
export function readProcessFacts(): ProcessFacts {
  const cgroup = tryRead('/proc/self/cgroup')
  return {
    status: parseWith(parseStatus, tryRead('/proc/self/status')),
    io: parseWith(parseIo, tryRead('/proc/self/io')),
    openFiles: tryCount('/proc/self/fd'),
    openFilesMax: parseWith(parseOpenFilesMax, tryRead('/proc/self/limits')),
    pressure: {
      cpu: readPressure('cpu', cgroup),
      io: readPressure('io', cgroup),
      memory: readPressure('memory', cgroup),
    },
  }
}

/** @returns undefined if the text does not hold the sizes; NaN for a single line that is missing */
export function parseStatus(text: string): ProcessStatus | undefined {
  const fields = parseFields(text)
  const kib = (name: string) => (fields.get(name) ?? Number.NaN) * 1024
  if (!fields.has('VmRSS')) return undefined
  return {
    virtualBytes: kib('VmSize'),
    virtualPeakBytes: kib('VmPeak'),
    residentBytes: kib('VmRSS'),
    residentPeakBytes: kib('VmHWM'),
    residentAnonBytes: kib('RssAnon'),
    residentFileBytes: kib('RssFile'),
    residentSharedBytes: kib('RssShmem'),
    threads: fields.get('Threads') ?? Number.NaN,
  }
}

export function parseIo(text: string): ProcessIo | undefined {
  const fields = parseFields(text)
  const field = (name: string) => fields.get(name) ?? Number.NaN
  if (!fields.has('rchar')) return undefined
  return {
    readBytes: field('rchar'),
    writtenBytes: field('wchar'),
    readSyscalls: field('syscr'),
    writeSyscalls: field('syscw'),
    storageReadBytes: field('read_bytes'),
    storageWrittenBytes: field('write_bytes'),
  }
}

/** The soft limit of `/proc/self/limits`; infinite if there is none. */
export function parseOpenFilesMax(text: string): number | undefined {
  const soft = /^Max open files\s+(\S+)/m.exec(text)?.[1]
  if (soft === 'unlimited') return Number.POSITIVE_INFINITY
  return soft === undefined || !/^\d+$/.test(soft) ? undefined : Number(soft)
}

/** `some avg10=0.00 … total=MICROSECONDS` and `full …`; old kernels have no `full` line for the CPU. */
export function parsePressure(text: string): Pressure | undefined {
  const some = /^some .*\btotal=(\d+)/m.exec(text)?.[1]
  const full = /^full .*\btotal=(\d+)/m.exec(text)?.[1] ?? '0'
  return some === undefined ? undefined : { waitingSeconds: Number(some) / 1e6, stalledSeconds: Number(full) / 1e6 }
}

/** Where the process's own group counts pressure (cgroup v2), and then the machine as a whole. */
export function pressurePaths(kind: PressureKind, cgroupText: string | undefined): string[] {
  const group = cgroupText === undefined ? undefined : /^0::(\/.*)$/m.exec(cgroupText)?.[1]
  const own = group === undefined ? [] : [`/sys/fs/cgroup${group === '/' ? '' : group}/${kind}.pressure`]
  return [...own, `/proc/pressure/${kind}`]
}

function readPressure(kind: PressureKind, cgroupText: string | undefined): Pressure | undefined {
  for (const path of pressurePaths(kind, cgroupText)) {
    const pressure = parseWith(parsePressure, tryRead(path))
    if (pressure) return pressure
  }
  return undefined
}

/** `Name: number` lines, with or without a unit behind. */
function parseFields(text: string): Map<string, number> {
  const lines = text.matchAll(/^(\w+):\s+(\d+)(?: kB)?$/gm)
  return new Map([...lines].map(([, name, value]) => [name!, Number(value)]))
}

function parseWith<T>(parse: (text: string) => T | undefined, text: string | undefined): T | undefined {
  return text === undefined ? undefined : parse(text)
}

function tryRead(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function tryCount(directory: string): number | undefined {
  try {
    // Listing the directory opens one descriptor itself.
    return readdirSync(directory).length - 1
  } catch {
    return undefined
  }
}
