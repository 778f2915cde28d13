import { expandEnv } from './expand-env.ts'
import { FlagError } from './flag-error.ts'
import { definitionOf, FLAG_NAMES, type FlagName, isFlagName } from './flag-table.ts'
import { isList, readItems, scalarTypeOf } from './flag-value.ts'
import { Flags } from './flags.ts'
import { helpText } from './help.ts'
import { suggestFlags } from './suggest.ts'
import { VERSION, versionText } from './version.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What the user asks for. Texts end without a newline. */
export type Command =
  | { readonly type: 'run'; readonly flags: Flags }
  | { readonly type: 'help'; readonly text: string }
  | { readonly type: 'version'; readonly text: string }
  /** Without `seconds` the demo runs until it is stopped. */
  | { readonly type: 'demo'; readonly seconds: number | undefined }

/*
 * The syntax is that of Go's flag package: `-name=value`, `-name value`, one dash or two. Parsers made for POSIX
 * conventions (yargs among them) take `-name` for four flags of one letter, so this one is our own.
 */

/**
 * Reads the command line and, with `-envflag.enable`, the environment.
 *
 * @param argv arguments without the names of interpreter and script
 * @throws {FlagError} for a flag that is unknown, not implemented or has a wrong value, and for leftover arguments
 */
export function parseCommandLine(argv: readonly string[], env: Environment): Command {
  const args = argv.map(arg => expandEnv(arg, env)).filter(arg => arg !== '')
  if (args[0] === 'demo') return parseDemo(args.slice(1))
  const items = new Map<FlagName, readonly string[]>()
  for (const { name, text } of mentions(args)) {
    if (name === 'help' || name === 'h') return { type: 'help', text: helpText() }
    const flag = knownFlag(name)
    const added = readFlag(flag, text, `flag -${flag}`)
    items.set(flag, isList(definitionOf(flag)) ? [...(items.get(flag) ?? []), ...added] : added)
  }
  if (new Flags(items).bool('envflag.enable')) readEnvironment(items, env)
  const flags = new Flags(items)
  return flags.bool('version') ? { type: 'version', text: versionText() } : { type: 'run', flags }
}

/** Splits the arguments into flags and their texts; a text is undefined where the flag stands alone. */
function* mentions(args: readonly string[]): Generator<{ name: string; text: string | undefined }> {
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!
    const isEnd = arg === '--'
    if (isEnd || arg === '-' || !arg.startsWith('-')) return refuseLeftover(args.slice(isEnd ? index + 1 : index))
    const [, name, assigned] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(arg) ?? []
    if (name === undefined) throw new FlagError(`${arg} is not a flag; write -name=value`)
    const text = assigned ?? (takesNextArgument(name) ? args[++index] : undefined)
    yield { name, text }
  }
}

/** Booleans take their value only after `=`, lest `-bool other` be ambiguous. */
function takesNextArgument(name: string): boolean {
  return isFlagName(name) && scalarTypeOf(definitionOf(name)) !== 'bool'
}

function refuseLeftover(args: readonly string[]): void {
  if (args.length === 0) return
  throw new FlagError(
    `arguments that belong to no flag: ${args.join(' ')}; a boolean flag needs = before its value, as in -dryRun=true`,
  )
}

function knownFlag(name: string): FlagName {
  if (isFlagName(name)) return name
  const similar = suggestFlags(name).map(suggestion => `-${suggestion}`)
  const hint = similar.length === 0 ? 'see penstock -help' : `did you mean ${similar.join(' or ')}?`
  throw new FlagError(`flag -${name} does not exist; ${hint}`)
}

function readFlag(name: FlagName, text: string | undefined, source: string): readonly string[] {
  const definition = definitionOf(name)
  if (!definition.implemented) {
    const origin = definition.enterprise ? ' of the enterprise edition of vmagent' : ''
    throw new FlagError(`${source}${origin} is not implemented in Penstock ${VERSION}; remove it`)
  }
  if (text !== undefined) return readItems(name, text, source)
  if (scalarTypeOf(definition) !== 'bool') throw new FlagError(`${source} needs a value`)
  return ['true']
}

/** Adds the flags that the environment sets and the command line does not. */
function readEnvironment(items: Map<FlagName, readonly string[]>, env: Environment): void {
  const prefix = items.get('envflag.prefix')?.[0] ?? expandEnv(env.envflag_prefix ?? '', env)
  for (const name of FLAG_NAMES) {
    if (items.has(name) || name.startsWith('envflag.')) continue
    const variable = prefix + name.replaceAll('.', '_')
    const text = env[variable]
    if (text !== undefined) items.set(name, readFlag(name, expandEnv(text, env), `environment variable ${variable}`))
  }
}

function parseDemo(args: readonly string[]): Command {
  if (args.length === 0) return { type: 'demo', seconds: undefined }
  const [, assigned] = /^--?seconds(?:=(.*))?$/.exec(args[0]!) ?? [undefined, '']
  const text = assigned ?? args[1] ?? ''
  const isWhole = args.length === (assigned === undefined ? 2 : 1)
  if (!isWhole || !/^[1-9]\d{0,8}$/.test(text)) {
    throw new FlagError(`the demo takes --seconds N, a whole number of at least 1, and not ${args.join(' ')}`)
  }
  return { type: 'demo', seconds: Number(text) }
}
