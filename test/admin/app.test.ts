import { once } from 'node:events'
import { createServer } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { AdminApp } from '../../lib/admin/app.ts'
import { HttpCounters } from '../../lib/admin/http-counters.ts'
import { PushIntake } from '../../lib/admin/push/push-intake.ts'
import { PUSH_ROUTES } from '../../lib/admin/push/push-routes.ts'
import { ROUTES } from '../../lib/admin/routes.ts'
import { ADMIN_DEFAULTS } from '../../lib/admin/server.ts'
import { recordingLogger } from '../support/supervision.ts'
import { FakeView } from './fake-view.ts'
import { NO_PUSHES } from './push/fake-sink.ts'

test('while clients do not read their answers, others get none but probes', async t => {
  const view = new FakeView()
  const large = `# ${'x'.repeat(8_000_000)}\n`
  view.configText = () => large
  const context = { view, metricsText: async () => '', closing: () => false }
  const counters = new HttpCounters(
    ROUTES.map(({ paths }) => paths[0]),
    PUSH_ROUTES,
  )
  const intake = new PushIntake(ADMIN_DEFAULTS.push, NO_PUSHES)
  const app = new AdminApp(ADMIN_DEFAULTS, context, { counters, intake }, recordingLogger().scoped, 1_000_000)
  await app.ready()
  const server = createServer((request, response) => app.handle(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  t.teardown(async () => {
    server.closeAllConnections()
    server.close()
    await app.close()
  })
  const status = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status

  const lazy = net.connect(port, '127.0.0.1').pause()
  lazy.write('GET /config HTTP/1.1\r\nhost: x\r\n\r\n')
  while ((await status('/flags')) === 200) await sleep(5)
  t.is(await status('/flags'), 503)
  t.is(await status('/health'), 200)
  lazy.destroy()
  while ((await status('/flags')) === 503) await sleep(5)
  t.is(await status('/flags'), 200)
})
