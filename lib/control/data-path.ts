import { spawnSync } from 'node:child_process'
import { accessSync, closeSync, constants, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { PenstockError } from '../../shared/errors.ts'

const LOCK_FILE = 'penstock.lock'
/** What `flock -n` exits with if another process has the lock. */
const EXIT_LOCKED = 1

/** The directory of `-remoteWrite.tmpDataPath` cannot be used, or another process uses it. */
export class DataPathError extends PenstockError {
  override readonly name = 'DataPathError'
  override readonly code = 'DATA_PATH'
}

/** A directory that belongs to this process until `close`. */
export type DataPath = {
  /** Absolute path. */
  readonly path: string
  /** Lets other processes have the directory. Once only. */
  readonly close: () => void
}

/**
 * Makes the directory if it is missing, checks that it can be written and locks it against other processes.
 *
 * @param path relative to the working directory or absolute
 * @throws {DataPathError} naming the directory and what stands in the way, the process that has it included
 */
export function openDataPath(path: string): DataPath {
  const directory = resolve(path)
  try {
    mkdirSync(directory, { recursive: true })
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw unusable(directory, cause)
  }
  const lock = lockDirectory(directory)
  return { path: directory, close: () => closeSync(lock) }
}

/*
 * A file that holds a process id is no safe lock: ids are used again, containers that share a volume do not see each
 * other's, and between finding a lock stale and taking it over another process may do the same. flock(2) has none of
 * this, as the kernel drops the lock with the last descriptor, after kill -9 too. Node cannot call it, but the lock
 * belongs to the open file and not to the process that asks: `flock` gets our descriptor as its number 3, locks and
 * exits, and we keep the lock. The file stays when we go: to remove it would let two processes lock two files of one
 * name. The process id in it is for the reader of the error message only.
 */
function lockDirectory(directory: string): number {
  const file = join(directory, LOCK_FILE)
  let lock: number
  try {
    lock = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o644)
  } catch (cause) {
    throw unusable(directory, cause)
  }
  try {
    takeLock(directory, file, lock)
    ftruncateSync(lock)
    writeSync(lock, `${process.pid}\n`, 0)
    return lock
  } catch (cause) {
    closeSync(lock)
    throw cause instanceof DataPathError ? cause : unusable(directory, cause)
  }
}

function takeLock(directory: string, file: string, lock: number): void {
  const { status, error, stderr } = spawnSync('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'pipe', lock] })
  if (status === 0) return
  if (status === EXIT_LOCKED) {
    const owner = readFileSync(file, 'utf8').trim()
    throw new DataPathError(
      `${directory} is used by another process (${owner || 'unknown'}); ` +
        'stop it, or give this one a directory of its own with -remoteWrite.tmpDataPath',
    )
  }
  const reason = error === undefined ? `exit code ${status}: ${stderr.toString().trim()}` : error.message
  throw new DataPathError(
    `${directory} cannot be locked by flock, which is part of util-linux and of BusyBox: ${reason}`,
    { cause: error },
  )
}

function unusable(directory: string, cause: unknown): DataPathError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new DataPathError(`${directory} cannot be used as -remoteWrite.tmpDataPath: ${reason}`, { cause })
}
