import pino from 'pino'

/** Least to most severe. `fatal` is the last line before the process ends; whoever writes it ends the process. */
export type LogSeverity = 'info' | 'warn' | 'error' | 'fatal'

/** Names of the fields of a JSON line. */
export type JsonFields = { readonly ts: string; readonly level: string; readonly caller: string; readonly msg: string }

/** The `-logger*` flags. */
export type LoggerOptions = {
  /** The least severe level that is written. PANIC writes nothing: Penstock has no such messages. */
  readonly level: 'INFO' | 'WARN' | 'ERROR' | 'FATAL' | 'PANIC'
  readonly format: 'default' | 'json'
  readonly output: 'stderr' | 'stdout'
  /** Messages a second for each scope; 0 means no limit. */
  readonly errorsPerSecondMax: number
  readonly warnsPerSecondMax: number
  /** Longer messages lose their middle, in characters. */
  readonly messageLengthMax: number
  readonly timestamps: boolean
  readonly jsonFields: JsonFields
}

export const LOGGER_DEFAULTS: LoggerOptions = {
  level: 'INFO',
  format: 'default',
  output: 'stderr',
  errorsPerSecondMax: 0,
  warnsPerSecondMax: 0,
  messageLengthMax: 5000,
  timestamps: true,
  jsonFields: { ts: 'ts', level: 'level', caller: 'caller', msg: 'msg' },
}

/** How often one scope logged at one level; `printed` is false for messages over the rate limit. */
export type LogCount = {
  readonly severity: LogSeverity
  readonly scope: string
  readonly printed: boolean
  readonly messages: number
}

/** A logger that already knows where its messages come from. */
export type ScopedLog = { readonly [severity in LogSeverity]: (message: string) => void }

/**
 * The log of the process; only the main thread has one, other threads send it their messages. Lines are written
 * before the call returns. `scope` names the part that speaks, such as `penstock/control`; it is a constant of the
 * code and never holds data.
 */
export interface Logger {
  info(scope: string, message: string): void
  warn(scope: string, message: string): void
  error(scope: string, message: string): void
  fatal(scope: string, message: string): void
  at(scope: string): ScopedLog
  /** Messages so far, those below the level of the log not counted. */
  counts(): readonly LogCount[]
}

/** Where lines go and what time it is; given by tests. */
export type LoggerDoors = { readonly write: (line: string) => void; readonly nowMs: () => number }

const PINO_LEVELS = { INFO: 'info', WARN: 'warn', ERROR: 'error', FATAL: 'fatal', PANIC: 'silent' } as const

/** Scopes are few; should one ever hold data after all, the rest of them share a count. */
const SCOPES_MAX = 200
const OTHER_SCOPE = 'other'

/** What waits while the other end of a pipe does not read; beyond it lines are lost rather than memory. */
const UNWRITTEN_BYTES_MAX = 1024 * 1024

/** A logger as the flags want it. */
export function createLogger(options: LoggerOptions, doors?: LoggerDoors): Logger {
  return new PinoLogger(options, doors ?? openDoors(options.output))
}

function openDoors(output: 'stderr' | 'stdout'): LoggerDoors {
  const destination = pino.destination({
    fd: output === 'stderr' ? 2 : 1,
    sync: true,
    maxLength: UNWRITTEN_BYTES_MAX,
  })
  // There is nowhere to tell that the log cannot be written, and the agent must not end because of it.
  destination.on('error', () => {})
  return { write: line => destination.write(line), nowMs: Date.now }
}

class PinoLogger implements Logger {
  readonly #options: LoggerOptions
  readonly #pino: pino.Logger
  readonly #nowMs: () => number
  readonly #scopes = new Map<string, ScopeState>()

  constructor(options: LoggerOptions, doors: LoggerDoors) {
    this.#options = options
    this.#nowMs = doors.nowMs
    this.#pino = createPino(options, doors)
  }

  info(scope: string, message: string): void {
    this.#log('info', scope, message, 0)
  }

  warn(scope: string, message: string): void {
    this.#log('warn', scope, message, this.#options.warnsPerSecondMax)
  }

  error(scope: string, message: string): void {
    this.#log('error', scope, message, this.#options.errorsPerSecondMax)
  }

  fatal(scope: string, message: string): void {
    this.#log('fatal', scope, message, 0)
  }

  at(scope: string): ScopedLog {
    return {
      info: message => this.info(scope, message),
      warn: message => this.warn(scope, message),
      error: message => this.error(scope, message),
      fatal: message => this.fatal(scope, message),
    }
  }

  counts(): readonly LogCount[] {
    return [...this.#scopes.values()].flatMap(state => state.counts())
  }

  #log(severity: LogSeverity, scope: string, message: string, perSecondMax: number): void {
    if (!this.#pino.isLevelEnabled(severity)) return
    const state = this.#scope(severity, scope)
    if (!state.admit(perSecondMax, this.#nowMs())) return
    const suppressed = state.takeSuppressed()
    const note = suppressed === 0 ? '' : ` (${suppressed} messages from here were over the limit and not printed)`
    this.#pino[severity](
      { [this.#options.jsonFields.caller]: scope },
      shorten(message, this.#options.messageLengthMax) + note,
    )
  }

  #scope(severity: LogSeverity, scope: string): ScopeState {
    const known = this.#scopes.get(`${severity} ${scope}`)
    if (known) return known
    const counted = this.#scopes.size < SCOPES_MAX ? scope : OTHER_SCOPE
    const key = `${severity} ${counted}`
    const state = this.#scopes.get(key) ?? new ScopeState(severity, counted)
    this.#scopes.set(key, state)
    return state
  }
}

/** Counts and limits the messages of one scope at one level. */
class ScopeState {
  readonly #severity: LogSeverity
  readonly #scope: string
  #printed = 0
  #suppressedEver = 0
  #suppressedNew = 0
  #second = -1
  #printedInSecond = 0

  constructor(severity: LogSeverity, scope: string) {
    this.#severity = severity
    this.#scope = scope
  }

  /** Counts a message; true if it may be printed. */
  admit(perSecondMax: number, nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#printedInSecond = 0
    }
    if (perSecondMax > 0 && this.#printedInSecond >= perSecondMax) {
      this.#suppressedEver += 1
      this.#suppressedNew += 1
      return false
    }
    this.#printedInSecond += 1
    this.#printed += 1
    return true
  }

  /** How many messages were held back since the last call. */
  takeSuppressed(): number {
    const suppressed = this.#suppressedNew
    this.#suppressedNew = 0
    return suppressed
  }

  counts(): LogCount[] {
    const { severity, scope } = { severity: this.#severity, scope: this.#scope }
    const counts: LogCount[] = []
    if (this.#printed > 0) counts.push({ severity, scope, printed: true, messages: this.#printed })
    if (this.#suppressedEver > 0) counts.push({ severity, scope, printed: false, messages: this.#suppressedEver })
    return counts
  }
}

function createPino(options: LoggerOptions, doors: LoggerDoors): pino.Logger {
  const { ts, level, msg } = options.jsonFields
  const nowIso = () => new Date(doors.nowMs()).toISOString()
  return pino(
    {
      level: PINO_LEVELS[options.level],
      base: null,
      messageKey: msg,
      timestamp: options.timestamps ? () => `,${JSON.stringify(ts)}:"${nowIso()}"` : false,
      formatters: { level: label => ({ [level]: label }) },
    },
    options.format === 'json' ? { write: doors.write } : textLines(options, doors.write, nowIso),
  )
}

/** Writes `time TAB level TAB scope TAB message` in place of the JSON that pino made. */
function textLines(
  options: LoggerOptions,
  writeLine: (line: string) => void,
  nowIso: () => string,
): pino.DestinationStream {
  const stream = {
    // Asks pino to leave what it was given in the three fields below before each write.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    lastMsg: '',
    lastObj: {} as Readonly<Record<string, string>>,
    write(): void {
      const time = options.timestamps ? `${nowIso()}\t` : ''
      const scope = stream.lastObj[options.jsonFields.caller]
      writeLine(`${time}${pino.levels.labels[stream.lastLevel]}\t${scope}\t${oneLine(stream.lastMsg)}\n`)
    },
  }
  return stream
}

/** A message may quote what a target or a client sent: it must not be able to forge a line of its own. */
function oneLine(message: string): string {
  return message.replaceAll('\r', '\\r').replaceAll('\n', '\\n')
}

function shorten(message: string, lengthMax: number): string {
  if (message.length <= lengthMax) return message
  const half = Math.floor((lengthMax - 2) / 2)
  return half < 1 ? message.slice(0, lengthMax) : `${message.slice(0, half)}..${message.slice(-half)}`
}
