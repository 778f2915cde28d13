import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { gunzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { Exporter } from '../../lib/demo/exporters.ts'
import { createWorkloads } from '../../lib/demo/workloads.ts'
import { readExposition } from './exposition.ts'

type Answer = { readonly status: number | undefined; readonly headers: IncomingHttpHeaders; readonly body: Buffer }

async function startExporter(t: ExecutionContext): Promise<Exporter> {
  const exporter = await Exporter.start(createWorkloads()[0]!)
  t.teardown(() => exporter.close())
  return exporter
}

/** Without what fetch() does of its own accord about compression. */
async function request(exporter: Exporter, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`http://${exporter.address}${path}`, { headers }, resolve).on('error', reject)
  })
  const chunks: Buffer[] = await response.toArray()
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }
}

test('metrics are plain text for who does not ask for more', async t => {
  const { status, headers, body } = await request(await startExporter(t), '/metrics')
  t.is(status, 200)
  t.is(headers['content-encoding'], undefined)
  t.regex(headers['content-type']!, /^text\/plain; version=0\.0\.4/)
  t.true(readExposition(body.toString()).values.size > 100)
})

test('metrics are compressed for who takes gzip', async t => {
  const { headers, body } = await request(await startExporter(t), '/metrics', { 'Accept-Encoding': 'deflate, gzip' })
  t.is(headers['content-encoding'], 'gzip')
  t.true(readExposition(gunzipSync(body).toString()).values.size > 100)
})

test('there is nothing else', async t => {
  t.is((await request(await startExporter(t), '/')).status, 404)
})
