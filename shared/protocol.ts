import type { WireError } from './errors.ts'
import type { HttpSpec } from './http-spec.ts'
import type { JobSpec, Label, RelabelRuleSpec, TargetSpec } from './target.ts'

/** What a shard shares with the writer and the coordinator: its ring, the two bells and its counters. */
export type ShardMemory = {
  readonly ring: SharedArrayBuffer
  /** Rung by the shard after publishing; the writer sleeps on it. One for all shards. */
  readonly dataBell: SharedArrayBuffer
  /** Rung by the writer after draining; a shard that waits for room in its ring sleeps on it. One a shard. */
  readonly roomBell: SharedArrayBuffer
  readonly counters: SharedArrayBuffer
}

/** coordinator → shard. Control plane only: samples go through rings. */
export type ToShard =
  | { readonly type: 'start'; readonly shard: number; readonly memory: ShardMemory; readonly options: ShardOptions }
  | {
      readonly type: 'targets'
      readonly jobs: readonly JobSpec[]
      readonly added: readonly TargetSpec[]
      readonly removed: readonly string[]
      readonly changed: readonly ChangedTarget[]
    }
  /** From the next scrape of each target on, other rules are in force; the views stay for the same destinations. */
  | { readonly type: 'relabel'; readonly rules: RemoteRules }
  | { readonly type: 'status'; readonly request: number; readonly ids: readonly string[] | 'all' }
  | { readonly type: 'response'; readonly request: number; readonly id: string }
  /** A body that a client pushes begins. `push` is its number, unique among the pushes to all shards. */
  | ({ readonly type: 'push'; readonly push: number; readonly spec: PushSpec } & PushPiece)
  /** It goes on; only after the shard has asked for more. */
  | ({ readonly type: 'pushMore'; readonly push: number } & PushPiece)
  /** The client has gone: what was not begun with is dropped. */
  | { readonly type: 'pushCancel'; readonly push: number }
  | { readonly type: 'stop'; readonly graceMs: number }

/** A part of a pushed body as it came over the wire; its memory goes with it. */
export type PushPiece = { readonly piece: Uint8Array<ArrayBuffer>; readonly isLast: boolean }

/** How a body may be compressed (Content-Encoding). */
export const PUSH_ENCODINGS = ['identity', 'gzip', 'deflate', 'zstd', 'snappy'] as const
export type PushEncoding = (typeof PUSH_ENCODINGS)[number]

/** A pushed body in the text exposition format, and what its samples get besides what it says. */
export type PushSpec = {
  /** Address of the client: all that it pushes goes to one shard. */
  readonly client: string
  readonly encoding: PushEncoding
  /** Of samples without a timestamp; 0: the time at which they are read. */
  readonly timeMs: number
  /** Set on every sample, in this order, in place of what it has under the name; those without name or value are none. */
  readonly extraLabels: readonly Label[]
}

/**
 * `more`: the piece was taken in, the next may come. `done`: the last one was, and all samples are in the ring.
 * `refused`: nothing more is taken of the body, also if no answer was due; samples of its beginning may be in the ring.
 */
export type PushResult = { readonly state: 'more' | 'done' } | { readonly state: 'refused'; readonly error: WireError }

/**
 * A target that goes on with other options: of its series, only those end that it has no more. `before` is the id that it
 * had; job name, URL and labels are the same.
 */
export type ChangedTarget = { readonly before: string; readonly spec: TargetSpec }

/** Destinations that get the same series under the same labels. */
export type ViewSpec = {
  /** A set of shared/destination-set.ts. */
  readonly destinations: number
  /** Rules of `-remoteWrite.urlRelabelConfig`, applied after those for all destinations. */
  readonly relabelRules: readonly RelabelRuleSpec[]
}

/** What remote write makes of the labels of all series, auto metrics included. */
export type RemoteRules = {
  /** Rules of `-remoteWrite.relabelConfig`, applied after those of the job. */
  readonly remoteRelabelRules: readonly RelabelRuleSpec[]
  /** One at least; every destination belongs to one of them. */
  readonly views: readonly ViewSpec[]
  /** Names of metrics and labels are rewritten, after rules, to what Prometheus took before version 3. */
  readonly compatibleNaming: boolean
  /** Set on every series after all that, in this order. */
  readonly remoteLabels: readonly Label[]
}

/** Options that hold for all targets of a shard. */
export type ShardOptions = RemoteRules & {
  readonly sendMetadata: boolean
  /** Seed of the hashes by which shards know series; the same for all shards, so that target blocks can move. */
  readonly hashSeed: readonly [number, number]
  /** Failed scrapes are not logged; or, with a delay, only so often for each target. */
  readonly suppressScrapeErrors: boolean
  readonly suppressScrapeErrorsDelayMs: number
  /** Largest head of a target's answer: status line and headers. */
  readonly maxHeadBytes: number
}

/** How the last scrape of a target went. */
export type TargetStatus = {
  readonly id: string
  readonly up: boolean
  readonly scrapes: number
  readonly scrapesFailed: number
  readonly lastScrapeMs: number
  readonly lastDurationMs: number
  /** Size of the last body that was scraped, inflated; 0 if there was none. */
  readonly bodyBytes: number
  readonly samples: number
  readonly error: string
}

/** What a target answered when it was asked for somebody to look at. */
export type TargetResponse =
  | {
      readonly ok: true
      readonly contentType: string
      readonly encoding: 'identity' | 'gzip'
      /** As it came, not inflated. */
      readonly body: Uint8Array
    }
  | { readonly ok: false; readonly error: WireError }

export type LogLevel = 'info' | 'warn' | 'error'

/** shard → coordinator */
export type FromShard =
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly type: 'ready'; readonly shard: number }
  | { readonly type: 'status'; readonly request: number; readonly targets: readonly TargetStatus[] }
  /** Without a response if there is no such target. */
  | { readonly type: 'response'; readonly request: number; readonly response: TargetResponse | undefined }
  | { readonly type: 'pushed'; readonly push: number; readonly result: PushResult }
  | { readonly type: 'weights'; readonly samples: readonly (readonly [id: string, samples: number])[] }
  | { readonly type: 'failed'; readonly shard: number; readonly error: WireError }
  | { readonly type: 'stopped'; readonly shard: number; readonly segmentsLost: number }

/** One remote write destination. */
export type DestinationSpec = {
  readonly url: string
  /** Shown instead of the URL, which may hold credentials: `1:secret-url`. */
  readonly name: string
  readonly http: HttpSpec
  readonly sendTimeoutMs: number
  readonly retryMinMs: number
  readonly retryMaxMs: number
  /** Concurrent requests; the blocks of one shard stay on one of them at a time. */
  readonly queues: number
  /** Memory that undelivered blocks may take. */
  readonly queueBytesMax: number
}

/** Options that hold for all destinations. */
export type WriterOptions = {
  readonly flushIntervalMs: number
  /** Limits at which a block closes: snappy-decoded bytes, and samples. */
  readonly blockRawBytesMax: number
  readonly blockSamplesMax: number
}

/** coordinator → writer */
export type ToWriter =
  | {
      readonly type: 'start'
      readonly shards: readonly ShardMemory[]
      readonly destinations: readonly DestinationSpec[]
      readonly counters: SharedArrayBuffer
      readonly options: WriterOptions
    }
  /** All shards have stopped: drain the rings to their end, deliver what is queued within `graceMs`, then exit. */
  | { readonly type: 'stop'; readonly graceMs: number }

/** writer → coordinator */
export type FromWriter =
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly error: WireError }
  | { readonly type: 'stopped'; readonly blocksLost: number; readonly samplesLost: number }

type Tagged = { readonly type: string }

/** One handler per message type: leaving one out is a compile error, so no default branch exists. */
export type Handlers<M extends Tagged> = {
  readonly [T in M['type']]: (message: Extract<M, { readonly type: T }>) => void
}

type Port<M extends Tagged> = { postMessage(message: M, transfer: ArrayBuffer[]): void }

/** The only two places where a port is touched. Memory that is transferred is gone here. */
export function send<M extends Tagged>(port: Port<M>, message: M, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer)
}

export function listen<M extends Tagged>(
  port: { on(event: 'message', listener: (message: M) => void): unknown },
  handlers: Handlers<M>,
): void {
  port.on('message', (message: M) => {
    const handle = handlers[message.type as M['type']] as (message: M) => void
    handle(message)
  })
}
