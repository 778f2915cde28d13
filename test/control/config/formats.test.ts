import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { loadConfig } from '../../../lib/control/config/load.ts'
import { DEFAULT_SCRAPE_OPTIONS } from '../../../lib/control/config/types.ts'
import { configDir } from '../../support/config-dir.ts'

/** The `Accept` header of a job. */
async function acceptOf(t: ExecutionContext, job: string, global = ''): Promise<string | undefined> {
  const text = `global: {${global}}\nscrape_configs:\n- {job_name: j, ${job}}\n`
  const directory = await configDir(t, { 'scrape.yml': text })
  const { config } = await loadConfig(join(directory, 'scrape.yml'), DEFAULT_SCRAPE_OPTIONS)
  return config.jobs[0]!.accept
}

test('without scrape_protocols targets are asked as vmagent asks them', async t => {
  t.is(await acceptOf(t, 'metric_name_validation_scheme: legacy, metric_name_escaping_scheme: dots'), undefined)
})

test('formats are asked for in their order, and anything else at last', async t => {
  t.is(
    await acceptOf(t, 'scrape_protocols: [OpenMetricsText1.0.0, OpenMetricsText0.0.1, PrometheusText0.0.4]'),
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,' +
      'application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.3',
  )
  t.is(
    await acceptOf(t, 'scrape_protocols: [PrometheusText1.0.0], metric_name_escaping_scheme: values'),
    'text/plain;version=1.0.0;escaping=values;q=0.6,*/*;q=0.5',
  )
})

test('a job asks for what the global section says, unless it says something else', async t => {
  const global = 'scrape_protocols: [PrometheusText1.0.0], metric_name_validation_scheme: legacy'
  t.is(await acceptOf(t, '', global), 'text/plain;version=1.0.0;escaping=underscores;q=0.6,*/*;q=0.5')
  t.is(await acceptOf(t, 'scrape_protocols: [PrometheusText0.0.4]', global), 'text/plain;version=0.0.4;q=0.6,*/*;q=0.5')
})

test('a format that is there twice, or a fallback that cannot be read, is refused', async t => {
  const twice = acceptOf(t, 'scrape_protocols: [PrometheusText0.0.4, PrometheusText0.0.4]')
  await t.throwsAsync(twice, { message: /:3:35: .*PrometheusText0\.0\.4 is there twice/ })
  await t.notThrowsAsync(acceptOf(t, 'fallback_scrape_protocol: OpenMetricsText1.0.0'))
  const fallback = acceptOf(t, 'fallback_scrape_protocol: PrometheusProto')
  await t.throwsAsync(fallback, {
    message: /:3:43: .*fallback_scrape_protocol: the format "PrometheusProto" is not supported/,
  })
})
