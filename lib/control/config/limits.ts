import type { SeriesChecks } from '../../../shared/target.ts'
import type { YamlMap, YamlValue } from '../../yaml/value.ts'
import type { FormatFields } from './formats.ts'
import type { GlobalConfig } from './global.ts'
import { parseSizeBytes } from './scalars.ts'
import type { JobScope } from './secrets.ts'
import type { JobConfig, ScrapeOptions } from './types.ts'

type Limits = Pick<
  JobConfig,
  'sampleLimit' | 'labelLimit' | 'seriesLimit' | 'maxBodyBytes' | 'keepDroppedTargets' | 'targetLimit'
>

/** A count; nothing, 0 and less mean no limit: 0. @throws {ConfigError} */
export function readLimit(value: YamlValue | undefined): number {
  return Math.max(value?.asInteger() ?? 0, 0)
}

/** @throws {ConfigError} on wrong types; a size that is none goes to `scope.problems` */
export function readLimits(map: YamlMap, global: GlobalConfig, options: ScrapeOptions, scope: JobScope): Limits {
  const seriesLimit = map.get('series_limit')
  const bodyLimit = map.get('body_size_limit') ?? global.bodySizeLimit
  return {
    sampleLimit: readLimit(map.get('sample_limit')) || global.sampleLimit,
    labelLimit: readLimit(map.get('label_limit')) || global.labelLimit,
    seriesLimit: seriesLimit === undefined ? Math.max(options.seriesLimitPerTarget, 0) : readLimit(seriesLimit),
    maxBodyBytes: readSize(map.get('max_scrape_size') ?? bodyLimit, scope) || options.maxScrapeSizeBytes,
    keepDroppedTargets: readLimit(map.get('keep_dropped_targets')) || global.keepDroppedTargets,
    targetLimit: readLimit(map.get('target_limit')) || global.targetLimit,
  }
}

/** What is checked of each series besides the number of its labels; undefined if nothing is. @throws {ConfigError} */
export function readSeriesChecks(map: YamlMap, global: GlobalConfig, formats: FormatFields): SeriesChecks | undefined {
  const nameBytesMax = readLimit(map.get('label_name_length_limit')) || global.labelNameLengthLimit
  const valueBytesMax = readLimit(map.get('label_value_length_limit')) || global.labelValueLengthLimit
  const legacyNames = formats.validation === 'legacy'
  if (nameBytesMax === 0 && valueBytesMax === 0 && !legacyNames) return undefined
  return { nameBytesMax, valueBytesMax, legacyNames }
}

function readSize(value: YamlValue | undefined, { problems }: JobScope): number {
  if (value === undefined) return 0
  const text = value.asString()
  const sizeBytes = text === '' ? 0 : parseSizeBytes(text)
  if (sizeBytes === undefined) {
    problems.push(value.error(`${JSON.stringify(text)} is not a size; write it like 1000000, 500KB or 16MiB`))
  }
  return sizeBytes ?? 0
}
