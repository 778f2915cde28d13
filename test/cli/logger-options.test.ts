import test from 'ava'
import { parseCommandLine } from '../../lib/cli/command-line.ts'
import { FlagError } from '../../lib/cli/flag-error.ts'
import { toLoggerOptions } from '../../lib/cli/logger-options.ts'
import { LOGGER_DEFAULTS, type LoggerOptions } from '../../lib/control/log.ts'

function optionsOf(...argv: readonly string[]): LoggerOptions | undefined {
  const command = parseCommandLine(argv, {})
  return command.type === 'run' ? toLoggerOptions(command.flags) : undefined
}

test('the defaults of the flags are those of the log', t => {
  t.deepEqual(optionsOf(), LOGGER_DEFAULTS)
})

test('every flag of the log reaches it', t => {
  t.deepEqual(
    optionsOf(
      '-loggerLevel=ERROR',
      '-loggerFormat=json',
      '-loggerOutput=stdout',
      '-loggerErrorsPerSecondLimit=5',
      '-loggerWarnsPerSecondLimit=6',
      '-loggerMaxArgLen=100',
      '-loggerDisableTimestamps',
      '-loggerJSONFields=ts:timestamp, msg:message',
    ),
    {
      level: 'ERROR',
      format: 'json',
      output: 'stdout',
      errorsPerSecondMax: 5,
      warnsPerSecondMax: 6,
      messageLengthMax: 100,
      timestamps: false,
      jsonFields: { ts: 'timestamp', level: 'level', caller: 'caller', msg: 'message' },
    },
  )
})

for (const text of ['ts', 'ts:', ':x', 'nosuch:x', 'toString:x']) {
  test(`-loggerJSONFields=${text} is refused`, t => {
    t.throws(() => optionsOf(`-loggerJSONFields=${text}`), {
      instanceOf: FlagError,
      message: /with a field of ts, level, caller, msg$/,
    })
  })
}
