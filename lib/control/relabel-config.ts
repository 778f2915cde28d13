import type { RelabelRuleSpec } from '../../shared/target.ts'
import { parseRules } from '../relabel/parse-rules.ts'
import { ConfigError } from '../yaml/error.ts'
import { parseYaml } from '../yaml/source.ts'
import { expandEnvironment, readText } from './config/read.ts'

/** The rules of a relabeling file, and the file as it was read, with variables expanded. */
export type RelabelConfig = { readonly rules: readonly RelabelRuleSpec[]; readonly text: string }

/**
 * Reads a file of relabeling rules.
 *
 * @param path of the file, or its http(s) URL
 * @param env values for `%{NAME}` in the file
 * @throws {ConfigError} naming file, line and column: the file cannot be read, or one of its rules cannot be used
 */
export async function loadRelabelConfig(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<RelabelConfig> {
  const text = expandEnvironment(await read(path), env)
  const { rules, problems } = parseRules(parseYaml(path, text, { strict: true }).root)
  if (problems.length > 0) throw problems[0]
  return { rules, text }
}

async function read(path: string): Promise<string> {
  try {
    return await readText(path)
  } catch (cause) {
    throw new ConfigError({ file: path, line: 1, column: 1 }, `cannot be read: ${(cause as Error).message}`, { cause })
  }
}
