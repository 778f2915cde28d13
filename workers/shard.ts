/** Entry of a shard's thread: starts the shard when told to, passes messages on, and ends by itself. */
import assert from 'node:assert'
import { parentPort } from 'node:worker_threads'
import { Shard } from '../lib/shard/shard.ts'
import { PenstockError } from '../shared/errors.ts'
import { type FromShard, listen, send, type ToShard } from '../shared/protocol.ts'

const WEIGHTS_INTERVAL_MS = 60_000

assert(parentPort !== null, 'workers/shard.ts is the entry of a worker thread')
const port = parentPort
let shard: Shard | undefined
let id = -1
let weightsTimer: NodeJS.Timeout | undefined

listen<ToShard>(port, {
  start(message) {
    assert(shard === undefined, 'a shard is started once')
    id = message.shard
    try {
      shard = new Shard(
        message.memory,
        message.options,
        (level, text) => send<FromShard>(port, { type: 'log', level, message: text }),
        (push, result) => send<FromShard>(port, { type: 'pushed', push, result }),
      )
      const started = shard
      weightsTimer = setInterval(
        () => send<FromShard>(port, { type: 'weights', samples: started.weights() }),
        WEIGHTS_INTERVAL_MS,
      )
      send<FromShard>(port, { type: 'ready', shard: id })
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      send<FromShard>(port, { type: 'failed', shard: id, error: error.toWire() })
      port.close()
    }
  },

  targets({ jobs, ...change }) {
    shard?.assign(jobs, change)
  },

  relabel({ rules }) {
    shard?.relabel(rules)
  },

  status({ request, ids }) {
    send<FromShard>(port, { type: 'status', request, targets: shard?.status(ids) ?? [] })
  },

  async response({ request, id }) {
    send<FromShard>(port, { type: 'response', request, response: await shard?.response(id) })
  },

  push({ push, spec, ...piece }) {
    shard?.pushes.begin(push, spec, piece)
  },

  pushMore({ push, ...piece }) {
    shard?.pushes.more(push, piece)
  },

  pushCancel({ push }) {
    shard?.pushes.cancel(push)
  },

  async stop({ graceMs }) {
    clearInterval(weightsTimer)
    await shard?.stop(graceMs)
    send<FromShard>(port, { type: 'stopped', shard: id, segmentsLost: 0 })
    port.close()
  },
})
