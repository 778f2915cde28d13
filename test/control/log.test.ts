import test from 'ava'
import fc from 'fast-check'
import { createLogger, LOGGER_DEFAULTS, type LoggerOptions } from '../../lib/control/log.ts'

const START_MS = Date.UTC(2026, 10, 22, 7, 17, 56, 447)

function setUp(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = []
  const clock = { nowMs: START_MS }
  const logger = createLogger(
    { ...LOGGER_DEFAULTS, ...options },
    { write: line => lines.push(line), nowMs: () => clock.nowMs },
  )
  return { logger, lines, clock }
}

test('a line has time, level, scope and message, separated by tabs', t => {
  const { logger, lines } = setUp()
  logger.info('penstock/control', 'started')
  logger.at('penstock/writer').error('it broke')
  t.deepEqual(lines, [
    '2026-11-22T07:17:56.447Z\tinfo\tpenstock/control\tstarted\n',
    '2026-11-22T07:17:56.447Z\terror\tpenstock/writer\tit broke\n',
  ])
})

test('timestamps can be left out in both formats', t => {
  const text = setUp({ timestamps: false })
  text.logger.warn('a', 'm')
  t.deepEqual(text.lines, ['warn\ta\tm\n'])
  const json = setUp({ timestamps: false, format: 'json' })
  json.logger.warn('a', 'm')
  t.deepEqual(JSON.parse(json.lines[0]!), { level: 'warn', caller: 'a', msg: 'm' })
})

test('a JSON line has ts, level, caller and msg, or the names that the user wants', t => {
  const { logger, lines } = setUp({ format: 'json' })
  logger.fatal('penstock/main', 'no "way"\nout')
  t.deepEqual(JSON.parse(lines[0]!), {
    ts: '2026-11-22T07:17:56.447Z',
    level: 'fatal',
    caller: 'penstock/main',
    msg: 'no "way"\nout',
  })
  const renamed = setUp({ format: 'json', jsonFields: { ts: 'time', level: 'sev', caller: 'at', msg: 'message' } })
  renamed.logger.info('a', 'm')
  t.deepEqual(JSON.parse(renamed.lines[0]!), { time: '2026-11-22T07:17:56.447Z', sev: 'info', at: 'a', message: 'm' })
})

for (const [level, written] of [
  ['INFO', ['info', 'warn', 'error', 'fatal']],
  ['WARN', ['warn', 'error', 'fatal']],
  ['ERROR', ['error', 'fatal']],
  ['FATAL', ['fatal']],
  ['PANIC', []],
] as const) {
  test(`at ${level} the levels written and counted are: ${written.join(', ') || 'none'}`, t => {
    const { logger, lines } = setUp({ level })
    for (const severity of ['info', 'warn', 'error', 'fatal'] as const) logger[severity]('s', severity)
    t.deepEqual(
      lines.map(line => line.split('\t')[1]),
      [...written],
    )
    t.deepEqual(
      logger.counts().map(count => count.severity),
      [...written],
    )
  })
}

test('no message can forge a second line', t => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '\n', '\r', '\t', '"', '\u{1F600}') }), message => {
      for (const format of ['default', 'json'] as const) {
        const { logger, lines } = setUp({ format })
        logger.info('s', message)
        t.is(lines.length, 1)
        t.is(lines[0]!.indexOf('\n'), lines[0]!.length - 1)
        t.false(lines[0]!.includes('\r'))
      }
    }),
  )
})

test('each scope has a limit of its own a second, for errors and warnings apart', t => {
  const { logger, lines, clock } = setUp({ errorsPerSecondMax: 2, warnsPerSecondMax: 1 })
  for (let i = 0; i < 5; i++) {
    logger.error('a', `error ${i}`)
    logger.error('b', `error ${i}`)
    logger.warn('a', `warn ${i}`)
    logger.info('a', `info ${i}`)
  }
  t.is(lines.length, 2 + 2 + 1 + 5)
  t.deepEqual(
    logger.counts().filter(({ severity, scope }) => severity === 'error' && scope === 'a'),
    [
      { severity: 'error', scope: 'a', printed: true, messages: 2 },
      { severity: 'error', scope: 'a', printed: false, messages: 3 },
    ],
  )
  clock.nowMs += 1000
  logger.error('a', 'again')
  logger.error('a', 'and again')
  t.true(lines.at(-2)!.includes('again (3 messages'))
  t.true(lines.at(-1)!.endsWith('\tand again\n'))
})

test('a long message loses its middle', t => {
  const { logger, lines } = setUp({ messageLengthMax: 10 })
  logger.info('s', '0123456789')
  logger.info('s', '0123456789a')
  t.deepEqual(
    lines.map(line => line.split('\t')[3]),
    ['0123456789\n', '0123..789a\n'],
  )
})

test('counting takes bounded memory, however many scopes there are', t => {
  const { logger } = setUp()
  for (let i = 0; i < 5000; i++) logger.info(`scope ${i}`, 'm')
  const counts = logger.counts()
  t.true(counts.length < 300)
  t.is(
    counts.reduce((sum, count) => sum + count.messages, 0),
    5000,
  )
})
