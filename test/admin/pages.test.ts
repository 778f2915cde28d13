// What pages show, and that nothing that comes from elsewhere can be more than text on them.
import test from 'ava'
import type { DiscoveredJob } from '../../lib/admin/discovered.ts'
import { discoveryPage } from '../../lib/admin/pages/discovery.ts'
import { ROWS_MAX } from '../../lib/admin/pages/filter.ts'
import { relabelDebugPage } from '../../lib/admin/pages/relabel-debug.ts'
import { targetsPage } from '../../lib/admin/pages/targets.ts'
import { debugRelabeling } from '../../lib/admin/relabel-debug.ts'
import { readTargetQuery } from '../../lib/admin/target-query.ts'
import { groupByJob } from '../../lib/admin/targets.ts'
import type { ActiveTarget } from '../../lib/admin/view.ts'
import { LabelPacker } from '../../lib/control/original-labels.ts'
import { FakeView, makeTarget } from './fake-view.ts'

const NASTY = `"><script>alert('x')</script>&amp;`
const NOT_ESCAPED = /<script|alert\('|"><s|(?:"|;)&(?!amp;|lt;|gt;|quot;|#39;)/
const NASTY_LABELS = [
  { name: NASTY, value: NASTY },
  { name: 'job', value: NASTY },
]

function nastyTarget(): ActiveTarget {
  return {
    spec: { ...makeTarget('http://a:1/metrics'), url: `http://a:1/${NASTY}`, labels: NASTY_LABELS },
    scrapePool: NASTY,
    discoveredLabels: new LabelPacker().pack(NASTY_LABELS),
    shard: 0,
    status: {
      id: 'x',
      up: false,
      scrapes: 3,
      scrapesFailed: 2,
      lastScrapeMs: 0,
      lastDurationMs: 1,
      bodyBytes: 1,
      samples: 1,
      error: NASTY,
    },
  }
}

/** The text between the tags. */
function shownText(page: string): string {
  return page
    .replaceAll(/<style>.*?<\/style>/gs, '')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

const nastyQuery = readTargetQuery({ endpoint_search: NASTY, label_search: NASTY, show_original_labels: '1' })

test('labels, errors and the query are text on the page of targets', t => {
  const jobs = groupByJob([nastyTarget()], () => true)
  const page = targetsPage({ root: './', query: nastyQuery, jobs, emptyJobs: [NASTY], error: NASTY }, 5000).text
  t.notRegex(page, NOT_ESCAPED)
  t.is(shownText(page).split(NASTY).length, 1 + 10, 'all of it is shown: error, job, URL, error of it, 2 x 3 of labels')
})

test('so they are on the page of discovered targets', t => {
  const active = nastyTarget()
  const { discoveredLabels } = active
  const job: DiscoveredJob = {
    name: NASTY,
    active: 1,
    all: 2,
    droppedCounts: new Map([['relabeling', 1]]),
    shownActive: [active],
    shownDropped: [{ scrapePool: NASTY, discoveredLabels, reason: 'relabeling' }],
  }
  const page = discoveryPage({
    root: './',
    query: nastyQuery,
    jobs: [job],
    keepsOriginalLabels: true,
    error: NASTY,
  }).text
  t.notRegex(page, NOT_ESCAPED)
  t.true(shownText(page).includes(`${NASTY} (1/2 active; 1 dropped: relabeling)`))
})

test('a target that other agents scrape leads to them, if it is known where they are', t => {
  const { discoveredLabels } = nastyTarget()
  const page = (url: string) => {
    const members = [3, 0].map(number => ({ number, url: url.replace('%d', String(number)) }))
    const job: DiscoveredJob = {
      name: 'j',
      active: 0,
      all: 1,
      droppedCounts: new Map([['sharding', 1]]),
      shownActive: [],
      shownDropped: [{ scrapePool: 'j', discoveredLabels, reason: 'sharding', members }],
    }
    return discoveryPage({ root: './', query: readTargetQuery({}), jobs: [job], keepsOriginalLabels: true }).text
  }
  t.true(page('').includes('<td>scraped by member 3, member 0</td>'))
  const links = '<a href="http://a-3/?x=&quot;">member 3</a>, <a href="http://a-0/?x=&quot;">member 0</a>'
  t.true(page('http://a-%d/?x="').includes(`<td>scraped by ${links}</td>`))
})

test('and on the page of relabeling', t => {
  const metric = `m{a=${JSON.stringify(NASTY)}}`
  for (const kind of ['metric', 'target'] as const) {
    const rules = `- {target_label: b, replacement: ${JSON.stringify(NASTY)}}\n- {action: labeldrop, regex: a}\n`
    for (const relabel_configs of [rules, NASTY]) {
      const debug = debugRelabeling(kind, new FakeView(), { id: NASTY, metric, relabel_configs })
      const page = relabelDebugPage('./', debug).text
      t.notRegex(page, NOT_ESCAPED)
      t.is(debug.error === undefined, relabel_configs === rules)
      if (debug.error === undefined) t.true(shownText(page).includes(`b="${NASTY.replaceAll('"', '\\"')}"`))
    }
  }
})

test('a text that begins with a line feed stays whole in its field', t => {
  const page = relabelDebugPage('./', { kind: 'metric', id: '', metric: '\nm', rules: '\n\n- x' }).text
  t.regex(page, /<textarea [^>]*>\n\n\n- x<\/textarea>/)
  t.regex(page, /<textarea [^>]*>\n\nm<\/textarea>/)
})

test('a page shows so many targets, and says that there are more', t => {
  const targets = Array.from({ length: ROWS_MAX + 10 }, (_, index) => ({
    ...nastyTarget(),
    scrapePool: index < 100 ? 'a' : 'b',
  }))
  const jobs = groupByJob(targets, () => true)
  const page = targetsPage({ root: './', query: readTargetQuery({}), jobs, emptyJobs: [] }, 5000).text
  t.is(page.split('<tr class="down">').length - 1, ROWS_MAX)
  t.true(shownText(page).includes(`The first ${ROWS_MAX} of ${ROWS_MAX + 10} are listed`))
  t.regex(shownText(page), /a \(0\/100 up\)/)
})

test('without original labels there is nothing to look at but a hint', t => {
  const page = discoveryPage({ root: './', query: readTargetQuery({}), jobs: [], keepsOriginalLabels: false }).text
  t.true(shownText(page).includes('-promscrape.dropOriginalLabels is set'))
})
