import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { DataPathError, openDataPath } from '../../lib/control/data-path.ts'

const FIXTURE = fileURLToPath(new URL('../fixtures/lock-data-path.ts', import.meta.url))

function temporaryDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'penstock-data-path-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Another process that opens `path`, and the first line that it says. */
async function openElsewhere(t: ExecutionContext, path: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [FIXTURE, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [said] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  return { child, said }
}

test('a missing directory is made, with its parents', t => {
  const path = join(temporaryDirectory(t), 'a', 'b')
  const data = openDataPath(path)
  t.is(data.path, path)
  t.true(existsSync(path))
  data.close()
})

test('a relative path becomes absolute', t => {
  const directory = temporaryDirectory(t)
  const data = openDataPath(relative(process.cwd(), directory))
  t.true(isAbsolute(data.path))
  t.is(data.path, directory)
  data.close()
})

test('a directory is open once at a time, and again after it was closed', t => {
  const directory = temporaryDirectory(t)
  const first = openDataPath(directory)
  const error = t.throws(() => openDataPath(directory), { instanceOf: DataPathError })
  t.regex(error.message, new RegExp(`used by another process \\(${process.pid}\\); .*-remoteWrite.tmpDataPath`))
  t.is(error.code, 'DATA_PATH')
  first.close()
  openDataPath(directory).close()
  t.pass()
})

test('directories do not lock each other', t => {
  const first = openDataPath(temporaryDirectory(t))
  const second = openDataPath(temporaryDirectory(t))
  first.close()
  second.close()
  t.pass()
})

test('a process is refused what another one has, and told which', async t => {
  const directory = temporaryDirectory(t)
  const owner = await openElsewhere(t, directory)
  t.is(owner.said, 'locked')
  t.throws(() => openDataPath(directory), { message: new RegExp(`another process \\(${owner.child.pid}\\)`) })
  const other = await openElsewhere(t, directory)
  t.regex(other.said, new RegExp(`^refused: .*\\(${owner.child.pid}\\)`))
})

test('a directory is free when its process has closed it', async t => {
  const directory = temporaryDirectory(t)
  const { child } = await openElsewhere(t, directory)
  child.stdin!.end()
  await once(child, 'exit')
  openDataPath(directory).close()
  t.pass()
})

test('a directory is free when its process was killed', async t => {
  const directory = temporaryDirectory(t)
  const { child } = await openElsewhere(t, directory)
  child.kill('SIGKILL')
  await once(child, 'exit')
  openDataPath(directory).close()
  t.pass()
})

test('of many processes that start at once exactly one gets the directory', async t => {
  const directory = temporaryDirectory(t)
  const all = await Promise.all(Array.from({ length: 5 }, () => openElsewhere(t, directory)))
  t.is(all.filter(({ said }) => said === 'locked').length, 1)
})

test('a lock file that was left behind locks nothing, even with the id of a living process', t => {
  const directory = temporaryDirectory(t)
  writeFileSync(join(directory, 'penstock.lock'), `${process.ppid}00000\n`)
  const data = openDataPath(directory)
  t.is(readFileSync(join(directory, 'penstock.lock'), 'utf8'), `${process.pid}\n`)
  data.close()
})

test('a child of the owner does not keep the lock', async t => {
  const directory = temporaryDirectory(t)
  const data = openDataPath(directory)
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log("up")'], { stdio: 'pipe' })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  data.close()
  openDataPath(directory).close()
  t.pass()
})

test('a file is refused as directory', t => {
  const file = join(temporaryDirectory(t), 'file')
  writeFileSync(file, '')
  for (const path of [file, join(file, 'below')]) {
    const error = t.throws(() => openDataPath(path), { instanceOf: DataPathError })
    t.true(error.message.startsWith(`${path} cannot be used as -remoteWrite.tmpDataPath: `))
    t.truthy(error.cause)
  }
})

// Root may write anywhere.
const asUser = process.getuid?.() === 0 ? test.skip : test
asUser('a directory that cannot be written is refused', t => {
  const directory = temporaryDirectory(t)
  chmodSync(directory, 0o500)
  t.throws(() => openDataPath(directory), { instanceOf: DataPathError, message: /cannot be used as/ })
})
