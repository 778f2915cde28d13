import { totalmem } from 'node:os'

/** What `-memory.allowedBytes` and `-memory.allowedPercent` say; 0 bytes leave it to the percentage. */
export type MemoryAllowance = { readonly allowedBytes: number; readonly allowedPercent: number }

/** Memory of the machine or, where that is less, the limit of the container (cgroup v1 or v2). */
export function machineMemoryBytes(): number {
  // Without a limit Node answers 0 or a number beyond all memory, depending on the kernel.
  const limitBytes = process.constrainedMemory()
  return limitBytes > 0 ? Math.min(limitBytes, totalmem()) : totalmem()
}

/** Bytes that data may take in this process. Never more than `machineBytes`. */
export function memoryBudgetBytes(allowance: MemoryAllowance, machineBytes = machineMemoryBytes()): number {
  const { allowedBytes, allowedPercent } = allowance
  return Math.min(allowedBytes > 0 ? allowedBytes : Math.floor((machineBytes * allowedPercent) / 100), machineBytes)
}
