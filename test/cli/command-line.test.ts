import test from 'ava'
import fc from 'fast-check'
import { parseCommandLine } from '../../lib/cli/command-line.ts'
import { FlagError } from '../../lib/cli/flag-error.ts'
import type { Flags } from '../../lib/cli/flags.ts'
import { joinList } from '../../lib/cli/list.ts'

function flagsOf(argv: readonly string[], env: Record<string, string> = {}): Flags {
  const command = parseCommandLine(argv, env)
  if (command.type !== 'run') throw new Error(`${argv.join(' ')} is ${command.type}`)
  return command.flags
}

const SPELLINGS: readonly (readonly string[])[] = [
  ['-promscrape.config=a b.yml'],
  ['--promscrape.config=a b.yml'],
  ['-promscrape.config', 'a b.yml'],
  ['--promscrape.config', 'a b.yml'],
  ['-promscrape.config=first.yml', '-promscrape.config=a b.yml'],
  ['-promscrape.config=a b.yml', '--'],
]
for (const argv of SPELLINGS) {
  test(`${argv.join(' ')} sets the flag`, t => t.is(flagsOf(argv).string('promscrape.config'), 'a b.yml'))
}

test('the value of a flag may look like a flag or hold an equals sign', t => {
  t.is(flagsOf(['-promscrape.config', '-dryRun']).string('promscrape.config'), '-dryRun')
  t.is(flagsOf(['-promscrape.config=a=b']).string('promscrape.config'), 'a=b')
  t.is(flagsOf(['-promscrape.config=a\nb']).string('promscrape.config'), 'a\nb')
})

test('a boolean alone is true and never takes the next argument', t => {
  t.true(flagsOf(['-dryRun']).bool('dryRun'))
  t.false(flagsOf(['-dryRun=false']).bool('dryRun'))
  t.deepEqual(
    flagsOf(['-remoteWrite.disableOnDiskQueue', '-dryRun']).boolForUrl('remoteWrite.disableOnDiskQueue', 5),
    true,
  )
  t.throws(() => parseCommandLine(['-dryRun', 'true'], {}), { instanceOf: FlagError, message: /= before its value/ })
})

test('lists grow with each mention and each comma, in order', t => {
  fc.assert(
    fc.property(
      fc.array(
        fc.array(
          fc.string().filter(text => !text.includes('%{')),
          { minLength: 1, maxLength: 3 },
        ),
      ),
      groups => {
        const argv = groups.map(group => `-remoteWrite.url=${joinList(group)}`)
        t.deepEqual(flagsOf(argv).strings('remoteWrite.url'), groups.flat())
      },
    ),
  )
})

test('%{NAME} is replaced in names and values, and an argument that is empty then does not count', t => {
  const env = { FILE: 'x.yml', NOTHING: '', FLAG: 'dryRun' }
  const flags = flagsOf(['%{NOTHING}', '-promscrape.config=%{FILE}', '', '-%{FLAG}'], env)
  t.is(flags.string('promscrape.config'), 'x.yml')
  t.true(flags.bool('dryRun'))
  t.is(flagsOf(['-promscrape.config', '%{NOTHING}', 'y.yml'], env).string('promscrape.config'), 'y.yml')
  t.is(flagsOf(['-promscrape.config=%{NOSUCH}'], env).string('promscrape.config'), '%{NOSUCH}')
})

test('the environment counts only with -envflag.enable', t => {
  const env = { promscrape_config: 'env.yml', remoteWrite_url: 'http://a,http://b' }
  t.is(flagsOf([], env).string('promscrape.config'), '')
  t.is(flagsOf([], { ...env, envflag_enable: 'true' }).string('promscrape.config'), '')
  const flags = flagsOf(['-envflag.enable'], env)
  t.is(flags.string('promscrape.config'), 'env.yml')
  t.deepEqual(flags.strings('remoteWrite.url'), ['http://a', 'http://b'])
})

test('the command line goes before the environment', t => {
  const env = { VM_promscrape_config: 'env.yml', VM_remoteWrite_url: 'http://a', promscrape_maxScrapeSize: '1MB' }
  const argv = ['-envflag.enable', '-envflag.prefix=VM_', '-promscrape.config=arg.yml', '-remoteWrite.url=http://b']
  const flags = flagsOf(argv, env)
  t.is(flags.string('promscrape.config'), 'arg.yml')
  t.deepEqual(flags.strings('remoteWrite.url'), ['http://b'])
  t.false(flags.isSet('promscrape.maxScrapeSize'))
})

test('the prefix may come from the environment, and values there are expanded', t => {
  const env = { envflag_prefix: 'X_', X_promscrape_maxScrapeSize: '%{SIZE}', SIZE: '5MB' }
  t.is(flagsOf(['-envflag.enable'], env).bytes('promscrape.maxScrapeSize'), 5_000_000)
})

test('a wrong value in the environment is refused with the name of the variable', t => {
  const env = { VM_remoteWrite_maxRowsPerBlock: 'bad', VM_remoteWrite_label: 'a=b' }
  const argv = ['-envflag.enable', '-envflag.prefix=VM_']
  t.throws(() => parseCommandLine(argv, { VM_remoteWrite_maxRowsPerBlock: 'bad' }), {
    instanceOf: FlagError,
    message: /environment variable VM_remoteWrite_maxRowsPerBlock: invalid value "bad"/,
  })
  t.throws(() => parseCommandLine(argv, { VM_sortLabels: env.VM_remoteWrite_label }), {
    instanceOf: FlagError,
    message: /environment variable VM_sortLabels is not implemented/,
  })
})

const REFUSED: readonly (readonly [argv: readonly string[], problem: RegExp])[] = [
  [['-remoteWrite.ulr=x'], /flag -remoteWrite\.ulr does not exist; did you mean -remoteWrite\.url/],
  [['-completelyUnknown'], /does not exist; see penstock -help/],
  [['-toString'], /flag -toString does not exist/],
  [['---dryRun'], /---dryRun is not a flag/],
  [['-=x'], /-=x is not a flag/],
  [['foo'], /belong to no flag: foo;/],
  [['-dryRun', 'foo', '-bar'], /belong to no flag: foo -bar;/],
  [['-'], /belong to no flag: -;/],
  [['--', '-dryRun'], /belong to no flag: -dryRun;/],
  [['-remoteWrite.url'], /flag -remoteWrite\.url needs a value/],
  [['-sortLabels'], /flag -sortLabels is not implemented in Penstock \d/],
  [['-sortLabels=false'], /flag -sortLabels is not implemented/],
  [['-eula'], /flag -eula of the enterprise edition of vmagent is not implemented/],
  [['-version', '-nosuch'], /-nosuch does not exist/],
  [['demo', '--secs', '3'], /the demo takes --seconds N/],
  [['demo', '--seconds'], /the demo takes --seconds N/],
  [['demo', '--seconds=0'], /the demo takes --seconds N/],
  [['demo', '--seconds=3', '4'], /the demo takes --seconds N/],
  [['-dryRun', 'demo'], /belong to no flag: demo;/],
]
for (const [argv, problem] of REFUSED) {
  test(`${argv.join(' ')} is refused`, t => {
    const error = t.throws(() => parseCommandLine(argv, {}), { instanceOf: FlagError, message: problem })
    t.is(error.exitCode, 2)
  })
}

for (const spelling of ['-help', '--help', '-h']) {
  test(`${spelling} asks for help and ends the reading`, t => {
    const command = parseCommandLine(['-dryRun', spelling, '-nosuch'], {})
    t.is(command.type, 'help')
    if (command.type === 'help') t.regex(command.text, /-remoteWrite\.url/)
  })
}

test('-version asks for the version', t => {
  const command = parseCommandLine(['-dryRun', '-version'], {})
  t.is(command.type, 'version')
  if (command.type === 'version') t.regex(command.text, /^penstock-\d+\.\d+\.\d+$/)
  t.is(parseCommandLine(['-version=false'], {}).type, 'run')
})

test('the demo runs until it is stopped, or for a number of seconds', t => {
  t.deepEqual(parseCommandLine(['demo'], {}), { type: 'demo', seconds: undefined })
  for (const argv of [['--seconds', '20'], ['-seconds=20'], ['--seconds=20']]) {
    t.deepEqual(parseCommandLine(['demo', ...argv], {}), { type: 'demo', seconds: 20 })
  }
})
