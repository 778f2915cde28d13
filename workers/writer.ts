/** Entry of the writer thread: starts a writer when told to, stops it when told to, and ends by itself. */
import assert from 'node:assert'
import { parentPort } from 'node:worker_threads'
import { Writer } from '../lib/writer/writer.ts'
import { PenstockError } from '../shared/errors.ts'
import { type FromWriter, listen, send, type ToWriter } from '../shared/protocol.ts'

assert(parentPort !== null, 'workers/writer.ts is the entry of a worker thread')
const port = parentPort
let writer: Writer | undefined

listen<ToWriter>(port, {
  start(message) {
    assert(writer === undefined, 'a writer is started once')
    try {
      writer = new Writer(message, (level, text) => send<FromWriter>(port, { type: 'log', level, message: text }))
      send<FromWriter>(port, { type: 'ready' })
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      send<FromWriter>(port, { type: 'failed', error: error.toWire() })
      port.close()
    }
  },

  async stop({ graceMs }) {
    const lost = await writer?.stop(graceMs)
    send<FromWriter>(port, { type: 'stopped', blocksLost: lost?.blocks ?? 0, samplesLost: lost?.samples ?? 0 })
    port.close()
  },
})
