// The demo as a user starts it, a process of its own.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { makeDirectory } from '../support/agent-process.ts'

const PENSTOCK = fileURLToPath(new URL('../../bin/penstock', import.meta.url))
const HAS_SCRIPT = spawnSync('script', ['--version']).error === undefined

type Run = {
  readonly output: () => string
  readonly seen: (pattern: RegExp) => Promise<void>
  readonly signal: (name: NodeJS.Signals) => void
  readonly exited: Promise<number | null>
  /** Where the demo has its temporary files. */
  readonly directory: string
}

async function start(t: ExecutionContext, command: string, args: readonly string[]): Promise<Run> {
  const directory = await makeDirectory(t)
  const env = { ...process.env, TMPDIR: directory, TERM: 'xterm-256color' }
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const waiting = new Set<() => void>()
  const note = (text: string) => {
    output += text
    for (const look of waiting) look()
  }
  child.stdout.setEncoding('utf8').on('data', note)
  child.stderr.setEncoding('utf8').on('data', note)
  const exited = once(child, 'close').then(([code]) => code as number | null)
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
    if (!t.passed) t.log(output)
  })
  const seen = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => pattern.test(output) && resolve()
      waiting.add(look)
      void exited.then(() => reject(new Error(`the demo ended without ${pattern}:\n${output}`)))
      look()
    })
  return { output: () => output, seen, signal: name => child.kill(name), exited, directory }
}

const ALL_DELIVERED = /scraped [1-9][\d,]* samples, delivered [1-9][\d,]*, lost 0; \d+\.\d bytes a sample/

test('the demo ends by itself, with samples delivered and none lost', async t => {
  const demo = await start(t, PENSTOCK, ['demo', '--seconds', '3'])
  t.is(await demo.exited, 0)
  t.regex(demo.output(), ALL_DELIVERED)
  t.regex(demo.output(), /^0:0\d {2}5 of 5 targets up; /m)
  t.false(demo.output().includes('\x1b'), 'no control sequences where no terminal is')
  t.deepEqual(await readdir(demo.directory), [], 'nothing is left behind')
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} ends the demo in order`, async t => {
    const demo = await start(t, PENSTOCK, ['demo'])
    await demo.seen(/delivered [1-9]/)
    demo.signal(signal)
    t.is(await demo.exited, 0)
    t.regex(demo.output(), ALL_DELIVERED)
    t.deepEqual(await readdir(demo.directory), [])
  })
}

const onTerminal = HAS_SCRIPT ? test : test.skip
onTerminal('a terminal shows the view, and gets its screen and its cursor back', async t => {
  const demo = await start(t, 'script', ['-qec', `'${PENSTOCK}' demo --seconds 2`, '/dev/null'])
  t.is(await demo.exited, 0)
  const output = demo.output()
  t.true(output.startsWith('\x1b[?1049h\x1b[?25l'))
  const end = output.lastIndexOf('\x1b[?25h\x1b[?1049l')
  t.true(end > 0)
  t.true(output.slice(0, end).includes('PENSTOCK'))
  t.regex(output.slice(end), ALL_DELIVERED)
  t.false(/\tinfo\t/.test(output), 'the log does not tear the view')
})
