import { type FieldTable, fieldTable, READ, type YamlValue } from '../../yaml/value.ts'
import type { DiscoveryKind, TargetGroup } from '../discovery/discoverer.ts'
import { readDurationMs } from './scalars.ts'
import type { FileSdConfig } from './types.ts'

const STATIC_FIELDS = fieldTable('targets', 'labels')
const FILE_SD_FIELDS: FieldTable = { files: READ, refresh_interval: READ }

/**
 * Reads a list of target groups: `static_configs`, or the content of a file of `file_sd_configs`.
 *
 * @param source where the groups come from: a file, or the section itself
 * @throws {ConfigError}
 */
export function readTargetGroups(list: YamlValue | undefined, kind: DiscoveryKind, source: string): TargetGroup[] {
  return (list?.asList() ?? []).map(item => {
    const map = item.asMap().check(STATIC_FIELDS)
    const labels = map.get('labels')?.asMap().asPairs() ?? []
    return { kind, source, targets: map.get('targets')?.asStrings() ?? [], labels: Object.fromEntries(labels) }
  })
}

/** @throws {ConfigError} */
export function readFileSd(list: YamlValue | undefined, baseDir: string, checkIntervalMs: number): FileSdConfig[] {
  return (list?.asList() ?? []).map(item => {
    const map = item.asMap().check(FILE_SD_FIELDS)
    return {
      files: map.get('files')?.asStrings() ?? [],
      baseDir,
      checkIntervalMs: readDurationMs(map.get('refresh_interval')) || checkIntervalMs,
    }
  })
}
