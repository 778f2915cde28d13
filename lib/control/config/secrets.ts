import { resolve } from 'node:path'
import type { Secret } from '../../../shared/http-spec.ts'
import type { ConfigError } from '../../yaml/error.ts'
import type { YamlMap } from '../../yaml/value.ts'
import { isHttpUrl } from './read.ts'
import type { UnusableFile } from './secret-files.ts'
import type { ScrapeOptions } from './types.ts'

/** What the readers of one job share. */
export type JobScope = {
  /** Directory that relative paths start from. */
  readonly baseDir: string
  readonly options: ScrapeOptions
  /** Faults that make this job unusable, but not the file. */
  readonly problems: ConfigError[]
  /** Files that cannot be used at the moment; a job that names them runs as soon as they can. */
  readonly unusable: UnusableFile[]
  readonly warnings: string[]
}

/** Reads `NAME` or `NAME_file`; the value does not appear in `/config`. */
export function readSecret(map: YamlMap, name: string, scope: JobScope): Secret | undefined {
  return readEither(map, name, map.get(name)?.asSecret(), scope)
}

/** Reads `NAME` or `NAME_file`. */
export function readTextOrFile(map: YamlMap, name: string, scope: JobScope): Secret | undefined {
  return readEither(map, name, map.get(name)?.asString(), scope)
}

/** Where a secret is that is not in place: the URL, or the path from the directory of the configuration on. */
export function secretAt(place: string, { baseDir }: JobScope): Secret {
  return isHttpUrl(place) ? { url: place } : { file: resolve(baseDir, place) }
}

function readEither(map: YamlMap, name: string, text: string | undefined, scope: JobScope): Secret | undefined {
  const file = map.get(`${name}_file`)
  const path = file?.asString() ?? ''
  const hasText = text !== undefined && text !== ''
  if (path !== '' && hasText) scope.problems.push(file!.error(`use only one of ${name} and ${name}_file`))
  if (path !== '') return secretAt(path, scope)
  return hasText ? { value: text } : undefined
}
