import type { ScopedLog } from '../../lib/control/log.ts'

/** Workers that keep the protocol and move no samples. */
export const fakeWorkers = {
  shard: new URL('../fixtures/shard.ts', import.meta.url),
  writer: new URL('../fixtures/writer.ts', import.meta.url),
}

/** A logger that keeps its lines; those above info begin with their severity. */
export function recordingLogger() {
  const log: string[] = []
  const scoped: ScopedLog = {
    info: message => log.push(message),
    warn: message => log.push(`warn: ${message}`),
    error: message => log.push(`error: ${message}`),
    fatal: message => log.push(`fatal: ${message}`),
  }
  return { logger: { at: () => scoped }, scoped, log }
}
