import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { loadConfig } from '../../../lib/control/config/load.ts'
import { DEFAULT_SCRAPE_OPTIONS } from '../../../lib/control/config/types.ts'
import { configDir } from '../../support/config-dir.ts'

async function load(t: ExecutionContext, text: string, strictParse = true) {
  const directory = await configDir(t, { 'scrape.yml': text })
  return loadConfig(join(directory, 'scrape.yml'), { ...DEFAULT_SCRAPE_OPTIONS, strictParse })
}

const globally = (field: string) => `global: {${field}}\nscrape_configs: [{job_name: j}]\n`
const inJob = (field: string) => `scrape_configs:\n- job_name: j\n  ${field}\n`

for (const field of [
  'scrape_classic_histograms: true',
  'always_scrape_classic_histograms: false',
  'scrape_native_histograms: false',
  'convert_classic_histograms_to_nhcb: false',
  'native_histogram_bucket_limit: 0',
  'native_histogram_min_bucket_factor: 0.0',
  'track_timestamps_staleness: true',
  'target_limit: 10',
  'extra_scrape_metrics: false',
  'metric_name_validation_scheme: utf8',
  'metric_name_escaping_scheme: dots',
  'scrape_protocols: [PrometheusText0.0.4]',
]) {
  test(`${field} asks for what is done`, async t => {
    for (const text of [globally(field), inJob(field)]) {
      const { config, warnings } = await load(t, text)
      t.is(config.jobs.length, 1)
      t.deepEqual(warnings, [])
    }
  })
}

for (const [field, reason] of [
  ['scrape_native_histograms: true', /native histograms are not scraped/],
  ['convert_classic_histograms_to_nhcb: true', /native histograms are not scraped/],
  ['native_histogram_bucket_limit: 100', /native histograms are not scraped/],
  ['native_histogram_min_bucket_factor: 1.1', /native histograms are not scraped/],
  ['track_timestamps_staleness: false', /remove it or say true/],
  ['extra_scrape_metrics: true', /metrics about itself that vmagent writes/],
  ['scrape_failure_log_file: f', /in the log of the agent/],
  [
    'scrape_protocols: [PrometheusText0.0.4, PrometheusProto]',
    /"PrometheusProto" is not supported; formats that are: /,
  ],
  ['scrape_protocols: [Text]', /"Text" is unknown/],
  ['metric_name_validation_scheme: ascii', /none of utf8, legacy/],
  ['metric_name_escaping_scheme: none', /none of allow-utf-8, underscores, dots, values/],
] as const) {
  test(`${field} is refused, or a warning in a file that is not read strictly`, async t => {
    const name = field.slice(0, field.indexOf(':'))
    for (const [text, place] of [
      [globally(field), '1'],
      [inJob(field), '3'],
    ] as const) {
      const error = await t.throwsAsync(load(t, text), { code: 'CONFIG_INVALID', message: reason })
      t.regex(error.message, new RegExp(`scrape\\.yml:${place}:\\d+: .*${name}`))
      const { config, warnings } = await load(t, text, false)
      t.is(config.jobs.length, 1)
      t.is(warnings.length, 1)
      t.regex(warnings[0]!, reason)
    }
  })
}

test('a field of the wrong type is refused in any case', async t => {
  for (const field of ['scrape_native_histograms: 5', 'track_timestamps_staleness: maybe', 'scrape_protocols: x']) {
    await t.throwsAsync(load(t, inJob(field), false), { message: /expected/ })
  }
})
