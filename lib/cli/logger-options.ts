import { type JsonFields, LOGGER_DEFAULTS, type LoggerOptions } from '../control/log.ts'
import { FlagError } from './flag-error.ts'
import type { Flags } from './flags.ts'

/**
 * The options of the log.
 *
 * @throws {FlagError} `-loggerJSONFields` names a field that does not exist
 */
export function toLoggerOptions(flags: Flags): LoggerOptions {
  return {
    // The table of flags allows no other values than these types do.
    level: flags.string('loggerLevel') as LoggerOptions['level'],
    format: flags.string('loggerFormat') as LoggerOptions['format'],
    output: flags.string('loggerOutput') as LoggerOptions['output'],
    errorsPerSecondMax: flags.int('loggerErrorsPerSecondLimit'),
    warnsPerSecondMax: flags.int('loggerWarnsPerSecondLimit'),
    messageLengthMax: flags.int('loggerMaxArgLen'),
    timestamps: !flags.bool('loggerDisableTimestamps'),
    jsonFields: toJsonFields(flags.string('loggerJSONFields')),
  }
}

/** @param text new names of fields, as in `ts:timestamp,msg:message` */
function toJsonFields(text: string): JsonFields {
  const fields: Record<keyof JsonFields, string> = { ...LOGGER_DEFAULTS.jsonFields }
  for (const pair of text.split(',').filter(pair => pair.trim() !== '')) {
    const [, field, name] = /^\s*(\w+)\s*:\s*(\S+)\s*$/.exec(pair) ?? []
    if (field === undefined || name === undefined || !isField(fields, field)) {
      const known = Object.keys(fields).join(', ')
      throw new FlagError(`flag -loggerJSONFields: ${JSON.stringify(pair)} is not field:name with a field of ${known}`)
    }
    fields[field] = name
  }
  return fields
}

function isField(fields: JsonFields, field: string): field is keyof JsonFields {
  return Object.hasOwn(fields, field)
}
