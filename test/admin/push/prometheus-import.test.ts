import test from 'ava'
import { importStatus, type PushRequest, prometheusImport } from '../../../lib/admin/push/prometheus-import.ts'
import { labelsOf } from '../../support/learning.ts'

const PATH = '/api/v1/import/prometheus'

function read(path = PATH, query = '', encoding = '') {
  const request: PushRequest = { path, query: new URLSearchParams(query), encoding, client: '192.0.2.1' }
  return prometheusImport(request)
}

test('a plain request says nothing but its client', t => {
  t.deepEqual(read(), { client: '192.0.2.1', encoding: 'identity', timeMs: 0, extraLabels: [] })
})

test('known encodings are taken as vmagent spells them', t => {
  for (const encoding of ['gzip', 'deflate', 'zstd', 'snappy', 'identity']) {
    t.is(read(PATH, '', encoding).encoding, encoding as 'gzip')
  }
  t.is(read(PATH, '', 'none').encoding, 'identity')
  for (const encoding of ['br', 'GZIP', 'gzip, gzip']) {
    t.throws(() => read(PATH, '', encoding), {
      code: 'PUSH_INVALID',
      message: /^Content-Encoding .* is not known; known: /,
    })
  }
})

test('timestamp is in milliseconds; 0 and less mean now', t => {
  for (const [text, timeMs] of [
    ['1600000000000', 1_600_000_000_000],
    ['+1', 1],
    ['0', 0],
    ['-5', 0],
    ['', 0],
  ] as const) {
    t.is(read(PATH, new URLSearchParams({ timestamp: text }).toString()).timeMs, timeMs, text)
  }
  for (const text of ['bad', '1.5', '1e3', '0x10', ' 1', '9007199254740993']) {
    const query = new URLSearchParams({ timestamp: text }).toString()
    t.throws(() => read(PATH, query), {
      code: 'PUSH_INVALID',
      message: `the query argument timestamp=${text} is not a whole number of milliseconds`,
    })
  }
})

test('extra_label may come again, and its value may hold anything', t => {
  const { extraLabels } = read(PATH, 'extra_label=dc=east&extra_label=eq=a%3Db&extra_label=empty=&extra_label==x')
  t.deepEqual(extraLabels, [...labelsOf({ dc: 'east', eq: 'a=b', empty: '' }), { name: '', value: 'x' }])
  t.throws(() => read(PATH, 'extra_label=dc'), { message: 'the query argument extra_label=dc is not name=value' })
})

test('paths of the Pushgateway give labels, which extra_label goes over', t => {
  for (const [end, labels] of [
    ['', {}],
    ['/', {}],
    ['/metrics', {}],
    ['/metrics/job', {}],
    ['/metrics/instance/i', {}],
    ['/metrics/job/', { job: '' }],
    ['/metrics/job/j', { job: 'j' }],
    ['/metrics/job/j/', { job: 'j' }],
    ['/metrics/job/j/instance/i/path/ü b', { job: 'j', instance: 'i', path: 'ü b' }],
    ['/metrics/job@base64/bXkvam9i/path@base64/=', { job: 'my/job', path: '' }],
    ['/metrics/job@base64/_-8', { job: '\ufffd\ufffd' }],
    ['/metrics/job/j/other@base64/w7w', { job: 'j', other: 'ü' }],
  ] as const) {
    t.deepEqual(read(PATH + end).extraLabels, labelsOf(labels), end)
  }
  t.deepEqual(read(`${PATH}/metrics/job/j`, 'extra_label=job=x').extraLabels, [
    ...labelsOf({ job: 'j' }),
    ...labelsOf({ job: 'x' }),
  ])
  for (const [end, message] of [
    ['/metrics/job/j/instance', /^the path .* has no value for its label instance$/],
    ['/metrics/job@base64/!!!', /^the value !!! of job@base64 in the path is not base64url$/],
    ['/metrics/job@base64/a', /is not base64url$/],
  ] as const) {
    t.throws(() => read(PATH + end), { code: 'PUSH_INVALID', message }, end)
  }
})

test('clients of the Pushgateway get 200, others 204', t => {
  t.is(importStatus(PATH), 204)
  t.is(importStatus(`${PATH}/metrics/job`), 204)
  t.is(importStatus(`${PATH}/metrics/job@base64/x`), 204)
  t.is(importStatus(`${PATH}/metrics/job/x`), 200)
  t.is(importStatus(`/prometheus${PATH}/metrics/job/x`), 200)
})
