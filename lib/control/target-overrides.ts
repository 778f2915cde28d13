import type { Label, TargetSpec } from '../../shared/target.ts'
import { labelValue } from '../relabel/labels.ts'
import { parseDurationMs, parseSizeBytes } from './config/scalars.ts'
import type { JobConfig } from './config/types.ts'

/** What labels of a target can say otherwise than its job. */
export type TargetLimits = Pick<
  TargetSpec,
  'intervalMs' | 'timeoutMs' | 'maxBodyBytes' | 'sampleLimit' | 'labelLimit' | 'seriesLimit'
>

/** Why a target cannot be scraped, for people. */
export type Problem = { readonly problem: string }

/** As Go reads a boolean. */
const BOOLEAN = /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/

/**
 * The job's intervals and limits, unless labels such as `__scrape_interval__` give others. A timeout that labels make
 * longer than the interval stays so, as with vmagent: a slow scrape then takes the turn of the next.
 *
 * @param labels after relabeling
 */
export function readOverrides(labels: readonly Label[], job: JobConfig): TargetLimits | Problem {
  const limits = {
    intervalMs: readDuration(labels, '__scrape_interval__', job.intervalMs),
    timeoutMs: readDuration(labels, '__scrape_timeout__', job.timeoutMs),
    maxBodyBytes: readSize(labels, '__max_scrape_size__', job.maxBodyBytes),
    sampleLimit: readCount(labels, '__sample_limit__', job.sampleLimit),
    labelLimit: readCount(labels, '__label_limit__', job.labelLimit),
    seriesLimit: readCount(labels, '__series_limit__', job.seriesLimit),
  }
  // Bodies are read in pieces in any case, so that it makes no difference what it says.
  const streamParse = labelValue(labels, '__stream_parse__')
  if (streamParse !== '' && !BOOLEAN.test(streamParse)) {
    return problemOf('__stream_parse__', streamParse, 'neither true nor false')
  }
  const problem = Object.values(limits).find(limit => typeof limit === 'object')
  return problem ?? (limits as TargetLimits)
}

function readDuration(labels: readonly Label[], name: string, defaultMs: number): number | Problem {
  const text = labelValue(labels, name)
  return text === '' ? defaultMs : parseDurationMs(text) || problemOf(name, text, 'not a duration above 0')
}

function readSize(labels: readonly Label[], name: string, defaultBytes: number): number | Problem {
  const text = labelValue(labels, name)
  return text === '' ? defaultBytes : parseSizeBytes(text) || problemOf(name, text, 'not a size above 0')
}

/** A count below 0 means the same as 0: no limit. */
function readCount(labels: readonly Label[], name: string, defaultCount: number): number | Problem {
  const text = labelValue(labels, name)
  if (text === '') return defaultCount
  return /^[+-]?\d{1,15}$/.test(text) ? Math.max(Number(text), 0) : problemOf(name, text, 'not an integer')
}

function problemOf(name: string, text: string, what: string): Problem {
  return { problem: `${name}=${JSON.stringify(text)} is ${what}` }
}
