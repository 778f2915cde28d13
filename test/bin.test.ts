import { spawn } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'

const LAUNCHER = fileURLToPath(new URL('../bin/penstock', import.meta.url))
const MAIN = `
const { argv, pid, execPath, execArgv, env } = process
const args = argv.slice(2)
console.log(JSON.stringify({ pid, execPath, execArgv, args, cwd: process.cwd(), arenas: env.MALLOC_ARENA_MAX }))
process.exitCode = Number(args[0] ?? 0)
`

/** What the main module of an installation says about the process that it runs in. */
type Said = {
  readonly pid: number
  readonly execPath: string
  readonly execArgv: readonly string[]
  readonly args: readonly string[]
  readonly cwd: string
  readonly arenas?: string
}

/** A directory laid out as the project is, whose main module reports on its process. */
function installation(t: ExecutionContext, { pinnedNode = true, kernel = true } = {}): string {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'penstock-bin-')))
  t.teardown(() => rmSync(base, { recursive: true, force: true }))
  const root = join(base, 'with space')
  for (const directory of ['bin', 'lib', 'kernel/build', 'node_modules/node/bin']) {
    mkdirSync(join(root, directory), { recursive: true })
  }
  copyFileSync(LAUNCHER, join(root, 'bin/penstock'))
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(root, 'lib/main.ts'), MAIN)
  if (kernel) writeFileSync(join(root, 'kernel/build/kernel.wasm'), '')
  if (pinnedNode) symlinkSync(process.execPath, join(root, 'node_modules/node/bin/node'))
  return root
}

type RunOptions = { readonly args?: readonly string[]; readonly cwd?: string; readonly env?: NodeJS.ProcessEnv }

async function run(command: string, { args = [], cwd = tmpdir(), env = {} }: RunOptions = {}) {
  const { MALLOC_ARENA_MAX: _, ...inherited } = process.env
  const child = spawn(command, args, { cwd, env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = new Promise<number | null>(resolve => child.once('close', resolve))
  const [code, stdout, stderr] = await Promise.all([exited, text(child.stdout), text(child.stderr)])
  return { pid: child.pid!, code, stdout, stderr }
}

/** Puts a program called `node` on a path of its own, which prints `version`. */
function fakeNode(t: ExecutionContext, version: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'penstock-node-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  writeFileSync(join(directory, 'node'), `#!/bin/sh\n[ "$1" = --version ] && echo ${version} || echo "ran $*"\n`)
  chmodSync(join(directory, 'node'), 0o755)
  return directory
}

test('the launcher becomes the agent: same process, pinned Node, arguments as given', async t => {
  const root = installation(t)
  const args = ['0', '-a=b c', '', '*', '$HOME', "it's"]
  const { pid, code, stdout } = await run(join(root, 'bin/penstock'), { args, cwd: tmpdir() })
  const said = JSON.parse(stdout) as Said
  t.is(said.pid, pid)
  t.is(code, 0)
  t.deepEqual(said.args, args)
  t.is(said.cwd, realpathSync(tmpdir()))
  t.is(realpathSync(said.execPath), realpathSync(process.execPath))
  t.true(said.execArgv.some(flag => flag.startsWith('--max-semi-space-size=')))
})

test('the exit code is that of the agent', async t => {
  const { code } = await run(join(installation(t), 'bin/penstock'), { args: ['7'] })
  t.is(code, 7)
})

test('the launcher works through chains of links, absolute and relative, from anywhere', async t => {
  const root = installation(t)
  const links = join(dirname(root), 'links')
  mkdirSync(join(links, 'deep'), { recursive: true })
  symlinkSync(join(root, 'bin/penstock'), join(links, 'absolute'))
  symlinkSync('../absolute', join(links, 'deep/relative'))
  symlinkSync('links/deep', join(dirname(root), 'short'))
  const calls: readonly (readonly [cwd: string, command: string])[] = [
    ['/', join(links, 'absolute')],
    [links, './deep/relative'],
    [dirname(root), './short/relative'],
    [join(root, 'bin'), './penstock'],
  ]
  for (const [cwd, command] of calls) {
    const { pid, stdout, stderr } = await run(command, { cwd })
    t.is(stderr, '')
    t.is((JSON.parse(stdout) as Said).pid, pid, command)
  }
})

test('the launcher is found on the path and is not led astray by CDPATH', async t => {
  const root = installation(t)
  const { stdout } = await run('penstock', { env: { PATH: `${join(root, 'bin')}:${process.env.PATH}`, CDPATH: '/' } })
  t.truthy((JSON.parse(stdout) as Said).pid)
})

test('MALLOC_ARENA_MAX is set unless the user set it', async t => {
  const command = join(installation(t), 'bin/penstock')
  t.is((JSON.parse((await run(command)).stdout) as Said).arenas, '2')
  t.is((JSON.parse((await run(command, { env: { MALLOC_ARENA_MAX: '5' } })).stdout) as Said).arenas, '5')
})

test('without the kernel the launcher says how to build it', async t => {
  const { code, stderr } = await run(join(installation(t, { kernel: false }), 'bin/penstock'))
  t.is(code, 1)
  t.regex(stderr, /run npm run build in .*with space/)
})

test('without the pinned Node that of the path is taken if it is new enough', async t => {
  const root = installation(t, { pinnedNode: false })
  const command = join(root, 'bin/penstock')
  const path = (version: string) => ({ PATH: `${fakeNode(t, version)}:${process.env.PATH}` })
  const current = await run(command, { args: ['x'], env: path('v24.1.0') })
  t.regex(current.stdout, /^ran --max-semi-space-size=\S+ .*with space\/lib\/main\.ts x\n$/)
  for (const version of ['v20.20.2', 'v9.0.0', 'nonsense']) {
    const { code, stderr } = await run(command, { env: path(version) })
    t.is(code, 1, version)
    t.true(stderr.includes(`is Node.js ${version}; run npm install`), stderr)
  }
})

test('the launcher of this project starts its main module', async t => {
  const version = await run(LAUNCHER, { args: ['-version'] })
  t.regex(version.stdout, /^penstock-\d+\.\d+\.\d+\n$/)
  t.deepEqual([version.code, version.stderr], [0, ''])
  const wrong = await run(LAUNCHER, { args: ['-nosuch'] })
  t.is(wrong.code, 2)
  t.regex(wrong.stderr, /^penstock: flag -nosuch does not exist/)
})
