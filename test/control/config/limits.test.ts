import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { loadConfig } from '../../../lib/control/config/load.ts'
import { DEFAULT_SCRAPE_OPTIONS, type ScrapeOptions } from '../../../lib/control/config/types.ts'
import { configDir } from '../../support/config-dir.ts'

async function load(t: ExecutionContext, job: string, global = '', options: Partial<ScrapeOptions> = {}) {
  const text = `global: {${global}}\nscrape_configs:\n- {job_name: j, ${job}}\n`
  const directory = await configDir(t, { 'scrape.yml': text })
  const { config } = await loadConfig(join(directory, 'scrape.yml'), { ...DEFAULT_SCRAPE_OPTIONS, ...options })
  return config.jobs[0]!
}

test('limits of the job go before those of the global section and of the flags; 0 means not said', async t => {
  const global = 'sample_limit: 1, label_limit: 2, body_size_limit: 3KB, keep_dropped_targets: 4, target_limit: 7'
  const flags = { seriesLimitPerTarget: 5, maxScrapeSizeBytes: 6 }
  const none = {
    sampleLimit: 1,
    labelLimit: 2,
    maxBodyBytes: 3000,
    keepDroppedTargets: 4,
    targetLimit: 7,
    seriesLimit: 5,
  }
  t.like(await load(t, '', global, flags), none)
  t.like(await load(t, '', '', flags), { sampleLimit: 0, labelLimit: 0, maxBodyBytes: 6, keepDroppedTargets: 0 })
  t.like(await load(t, 'sample_limit: 0, label_limit: 0, max_scrape_size: "0"', '', flags), { maxBodyBytes: 6 })
  const job = 'sample_limit: 11, label_limit: 12, max_scrape_size: 13KB, keep_dropped_targets: 14, target_limit: 17'
  t.like(await load(t, job, global, flags), {
    ...{ sampleLimit: 11, labelLimit: 12, maxBodyBytes: 13_000, keepDroppedTargets: 14, targetLimit: 17 },
  })
  t.is((await load(t, 'series_limit: 0', '', flags)).seriesLimit, 0)
})

test('lengths and names of labels are checked where a limit says so', async t => {
  t.is((await load(t, '')).seriesChecks, undefined)
  t.is((await load(t, 'label_name_length_limit: 0, metric_name_validation_scheme: utf8')).seriesChecks, undefined)
  t.deepEqual((await load(t, 'label_name_length_limit: 5', 'label_value_length_limit: 6')).seriesChecks, {
    nameBytesMax: 5,
    valueBytesMax: 6,
    legacyNames: false,
  })
  t.deepEqual((await load(t, 'label_value_length_limit: 7', 'metric_name_validation_scheme: legacy')).seriesChecks, {
    nameBytesMax: 0,
    valueBytesMax: 7,
    legacyNames: true,
  })
})
