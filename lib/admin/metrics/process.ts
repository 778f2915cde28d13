import os from 'node:os'
import type { MetricFamily, MetricType } from '../exposition.ts'
import { PRESSURE_KINDS, type ProcessFacts } from '../procfs.ts'

/** What Node itself tells about the process: `process.resourceUsage()`, and the resident set size in bytes. */
export type NodeFacts = {
  readonly usage: NodeJS.ResourceUsage
  readonly residentBytes: number
  /** 0 if the process is in no container with a limit. */
  readonly memoryLimitBytes: number
  readonly machineMemoryBytes: number
  readonly cpuCores: number
}

export function readNodeFacts(): NodeFacts {
  return {
    usage: process.resourceUsage(),
    residentBytes: process.memoryUsage.rss(),
    memoryLimitBytes: process.constrainedMemory(),
    machineMemoryBytes: os.totalmem(),
    cpuCores: os.availableParallelism(),
  }
}

type Row = readonly [name: string, type: MetricType, help: string, value: number | undefined]

/** Families about the process, named as vmagent does; what the system does not tell is left out. */
export function processFamilies(node: NodeFacts, facts: ProcessFacts, startedAtMs: number): MetricFamily[] {
  return [...usageRows(node), ...systemRows(facts), ...pressureRows(facts), ...limitRows(node, startedAtMs)]
    .filter(([, , , value]) => value !== undefined)
    .map(([name, type, help, value]) => ({ name, type, help, samples: [{ value: value! }] }))
}

function usageRows({ usage, residentBytes }: NodeFacts): Row[] {
  const userSeconds = usage.userCPUTime / 1e6
  const systemSeconds = usage.systemCPUTime / 1e6
  return [
    ['process_cpu_seconds_total', 'counter', 'CPU time of all threads.', userSeconds + systemSeconds],
    ['process_cpu_seconds_user_total', 'counter', 'CPU time of all threads in user mode.', userSeconds],
    ['process_cpu_seconds_system_total', 'counter', 'CPU time of all threads in the kernel.', systemSeconds],
    ['process_major_pagefaults_total', 'counter', 'Page faults that had to read from a disk.', usage.majorPageFault],
    ['process_minor_pagefaults_total', 'counter', 'Page faults that did not read from a disk.', usage.minorPageFault],
    ['process_resident_memory_bytes', 'gauge', 'Resident set size.', residentBytes],
  ]
}

function systemRows({ status, io, openFiles, openFilesMax }: ProcessFacts): Row[] {
  return [
    ['process_resident_memory_anon_bytes', 'gauge', 'Resident memory that no file backs.', status?.residentAnonBytes],
    ['process_resident_memory_file_bytes', 'gauge', 'Resident pages of mapped files.', status?.residentFileBytes],
    ['process_resident_memory_shared_bytes', 'gauge', 'Resident shared memory.', status?.residentSharedBytes],
    ['process_resident_memory_peak_bytes', 'gauge', 'The most that was ever resident.', status?.residentPeakBytes],
    ['process_virtual_memory_bytes', 'gauge', 'Size of the address space.', status?.virtualBytes],
    ['process_virtual_memory_peak_bytes', 'gauge', 'The largest address space so far.', status?.virtualPeakBytes],
    ['process_num_threads', 'gauge', 'Threads of the system.', status?.threads],
    ['process_open_fds', 'gauge', 'Open file descriptors.', openFiles],
    ['process_max_fds', 'gauge', 'File descriptors that may be open.', openFilesMax],
    ['process_io_read_bytes_total', 'counter', 'Bytes read by system calls.', io?.readBytes],
    ['process_io_written_bytes_total', 'counter', 'Bytes written by system calls.', io?.writtenBytes],
    ['process_io_read_syscalls_total', 'counter', 'System calls that read.', io?.readSyscalls],
    ['process_io_write_syscalls_total', 'counter', 'System calls that wrote.', io?.writeSyscalls],
    ['process_io_storage_read_bytes_total', 'counter', 'Bytes read from disks.', io?.storageReadBytes],
    ['process_io_storage_written_bytes_total', 'counter', 'Bytes written to disks.', io?.storageWrittenBytes],
  ]
}

function pressureRows({ pressure }: ProcessFacts): Row[] {
  return PRESSURE_KINDS.flatMap((kind): Row[] => [
    [
      `process_pressure_${kind}_waiting_seconds_total`,
      'counter',
      `Time that some tasks of the control group, or of the machine, waited for ${kind}.`,
      pressure[kind]?.waitingSeconds,
    ],
    [
      `process_pressure_${kind}_stalled_seconds_total`,
      'counter',
      `Time that all tasks of the control group, or of the machine, waited for ${kind}.`,
      pressure[kind]?.stalledSeconds,
    ],
  ])
}

function limitRows({ cpuCores, memoryLimitBytes, machineMemoryBytes }: NodeFacts, startedAtMs: number): Row[] {
  const availableBytes = memoryLimitBytes > 0 ? Math.min(memoryLimitBytes, machineMemoryBytes) : machineMemoryBytes
  return [
    ['process_start_time_seconds', 'gauge', 'Unix time of the start of the process.', Math.floor(startedAtMs / 1000)],
    ['process_cpu_cores_available', 'gauge', 'CPU cores that the process may use.', cpuCores],
    ['process_memory_limit_bytes', 'gauge', 'Memory that the process may use.', availableBytes],
    ['vm_available_cpu_cores', 'gauge', 'CPU cores that the process may use.', cpuCores],
    ['vm_available_memory_bytes', 'gauge', 'Memory of the machine or of the container.', availableBytes],
  ]
}
