import { ALL_DESTINATIONS } from '../../shared/destination-set.ts'
import type { RemoteRules } from '../../shared/protocol.ts'
import type { RelabelRuleSpec } from '../../shared/target.ts'
import { parseRules } from '../relabel/parse-rules.ts'
import { ConfigError } from '../yaml/error.ts'
import { parseYaml } from '../yaml/source.ts'
import { expandEnvironment, readText } from './config/read.ts'

/** The rules of a relabeling file, and the file as it was read, with variables expanded. */
export type RelabelConfig = { readonly rules: readonly RelabelRuleSpec[]; readonly text: string }

/** `-remoteWrite.urlRelabelConfig` of destinations that share it; an empty path stands for no rules. */
export type ViewSource = { readonly path: string; readonly destinations: number }

/** All rules of remote write: those for all destinations, and those of each view. */
export type RemoteRelabelConfig = {
  readonly all: RelabelConfig
  readonly views: readonly (RelabelConfig & { readonly destinations: number })[]
}

const NO_RULES: RelabelConfig = { rules: [], text: '' }

/**
 * Reads all rules of remote write.
 *
 * @param path of those for all destinations; an empty one stands for none
 * @throws {ConfigError} as `loadRelabelConfig`
 */
export async function loadRemoteRelabelConfig(
  path: string,
  views: readonly ViewSource[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<RemoteRelabelConfig> {
  const load = async (path: string) => (path === '' ? NO_RULES : loadRelabelConfig(path, env))
  const all = await load(path)
  const loaded: RemoteRelabelConfig['views'][number][] = []
  for (const { path, destinations } of views) loaded.push({ ...(await load(path)), destinations })
  return { all, views: loaded }
}

/** What shards need to know of it; without configuration one view for all destinations. */
export function relabelRulesOf(
  config: RemoteRelabelConfig | undefined,
): Pick<RemoteRules, 'remoteRelabelRules' | 'views'> {
  const views = config?.views.map(({ rules, destinations }) => ({ relabelRules: rules, destinations }))
  return {
    remoteRelabelRules: config?.all.rules ?? [],
    views: views ?? [{ relabelRules: [], destinations: ALL_DESTINATIONS }],
  }
}

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
