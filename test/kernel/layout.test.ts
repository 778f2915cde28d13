import { readFileSync } from 'node:fs'
import test from 'ava'
import * as layout from '../../kernel/layout.ts'

const WASM_PAGE_BYTES = 65536

/** The parts of scratch memory in their order: name, address, bytes used at most. */
const REGIONS: readonly (readonly [name: string, at: number, bytes: number])[] = [
  ['state', layout.STATE_AT, layout.STATE_BYTES],
  ['window', layout.WINDOW_AT, layout.WINDOW_BYTES + layout.READ_AHEAD_BYTES],
  ['directory of the run', layout.RUN_DIRECTORY_AT, layout.RUN_CHUNKS_MAX * layout.CHUNK_BYTES],
  ['entries of the run', layout.RUN_ENTRIES_AT, layout.RUN_CHUNKS_MAX * layout.CHUNK_ENTRIES_MAX * layout.ENTRY_BYTES],
  ['stencils of the run', layout.RUN_STENCIL_AT, layout.RUN_STENCIL_BYTES + layout.READ_AHEAD_BYTES],
  ['old raw bytes', layout.OLD_RAW_AT, layout.RAW_BYTES + layout.READ_AHEAD_BYTES],
  ['old series', layout.OLD_SERIES_AT, (layout.CHUNK_ENTRIES_MAX + 1) * 4],
  ['old entries seen', layout.OLD_SEEN_AT, layout.CHUNK_ENTRIES_MAX],
  ['new raw bytes', layout.NEW_RAW_AT, layout.RAW_BYTES + layout.READ_AHEAD_BYTES],
  ['new entries', layout.NEW_ENTRIES_AT, layout.CHUNK_ENTRIES_MAX * layout.ENTRY_BYTES],
  ['new values', layout.NEW_VALUES_AT, layout.CHUNK_ENTRIES_MAX * layout.NEW_SAMPLE_BYTES],
  ['output', layout.OUT_AT, layout.OUT_BYTES + layout.READ_AHEAD_BYTES],
  ['match table', layout.MATCH_TABLE_AT, layout.MATCH_TABLE_BYTES],
  ['labels', layout.LABELS_AT, layout.LABELS_MAX * layout.LABEL_BYTES],
  ['labels of the target', layout.TARGET_LABELS_AT, layout.TARGET_LABELS_BYTES],
  ['learned labels', layout.LEARN_AT, layout.LEARN_BYTES + layout.READ_AHEAD_BYTES],
  ['folded blocks', layout.FOLD_AT, layout.FOLD_BYTES],
  ['folded text', layout.FOLD_TAIL_AT, layout.FOLD_TAIL_BYTES],
]

test('the parts of scratch memory lie one behind the other', t => {
  let end = layout.SCRATCH_AT
  for (const [name, at, bytes] of REGIONS) {
    t.true(at >= end && at < end + 16, `${name} begins at ${at}, the part before it ends at ${end}`)
    t.is(at % 4, 0, name)
    end = at + bytes
  }
  t.is(layout.SCRATCH_END, end)
})

test('scratch memory fits into the kernel, which cannot grow', t => {
  const url = new URL('../../kernel/asconfig.json', import.meta.url)
  const { options } = JSON.parse(readFileSync(url, 'utf8')) as {
    options: { initialMemory: number; maximumMemory: number }
  }
  t.is(options.initialMemory, options.maximumMemory)
  t.true(layout.SCRATCH_END <= options.initialMemory * WASM_PAGE_BYTES)
})

test('the fields of the state do not overlap', t => {
  const wide = new Set(['STATE_TIME', 'STATE_SEED'])
  const fields = Object.entries(layout)
    .filter(([name]) => name.startsWith('STATE_') && name !== 'STATE_AT' && name !== 'STATE_BYTES')
    .sort(([, a], [, b]) => a - b)
  t.true(fields.length > 20)
  let end = 0
  for (const [name, at] of fields) {
    const bytes = wide.has(name) ? 8 : 4
    t.true(at >= end && at % bytes === 0, `${name} at ${at}`)
    end = at + bytes
  }
  t.true(end <= layout.STATE_BYTES)
})

test('the fields of entries and chunks lie within their records', t => {
  const { ENTRY_KIND_SHIFT, ENTRY_KIND_BITS, ENTRY_STEP_SHIFT, KEY_BYTES_LONG } = layout
  t.deepEqual([layout.ENTRY_KEY_AT, layout.ENTRY_BYTES], [6, 10])
  t.is(KEY_BYTES_LONG, 2 ** ENTRY_KIND_SHIFT - 1)
  t.is(ENTRY_KIND_SHIFT + ENTRY_KIND_BITS, ENTRY_STEP_SHIFT)
  t.true(layout.KIND_UNSENT < 2 ** ENTRY_KIND_BITS)
  // Snappy adds 32 bytes and a sixth at most.
  t.true(32 + (layout.CHUNK_RAW_BYTES_MAX * 7) / 6 < 2 ** (32 - ENTRY_STEP_SHIFT))
  const { CHUNK_ENTRIES_AT, CHUNK_SAMPLES_AT, CHUNK_STENCIL_BYTES_AT, CHUNK_RAW_BYTES_AT, CHUNK_TIME_AT } = layout
  t.deepEqual(
    [CHUNK_ENTRIES_AT, CHUNK_SAMPLES_AT, CHUNK_STENCIL_BYTES_AT, CHUNK_RAW_BYTES_AT, CHUNK_TIME_AT],
    [0, 4, 8, 12, 16],
  )
  t.is(layout.CHUNK_VALUE_AT, CHUNK_TIME_AT + 4)
  t.true(layout.CHUNK_BYTES >= layout.CHUNK_VALUE_AT + 4 && layout.CHUNK_BYTES % 8 === 0)
})

test('the largest series that can come up has room everywhere', t => {
  // Each label costs at most two tags and two lengths for itself, and two more of both for its strings.
  const overheadBytes = layout.LABELS_MAX * 16 + 64
  const plain = layout.LINE_BYTES_MAX + layout.TARGET_LABELS_BYTES + overheadBytes
  const learned = layout.LEARN_BYTES + overheadBytes
  t.true(Math.max(plain, learned) <= layout.RAW_BYTES)
  t.true(layout.CHUNK_RAW_BYTES_MAX < 65536, 'copies reach back that far')
  // Snappy's bound for what cannot be compressed, and a literal's header for each sample.
  t.true(layout.RAW_BYTES + layout.RAW_BYTES / 6 + 32 + layout.CHUNK_ENTRIES_MAX * 8 <= layout.OUT_BYTES + 32)
  t.true(layout.OUT_BYTES <= layout.RUN_STENCIL_BYTES, 'every chunk fits into a run')
  t.true(layout.CHUNK_ENTRIES_MAX <= 256, 'the match table has 8 bits for a sample')
  t.true(layout.RAW_BYTES < 2 ** 24, 'and 24 bits for a place')
  t.is(layout.MATCH_TABLE_BYTES, 4 << layout.MATCH_TABLE_BITS)
  t.true(layout.LINE_BYTES_MAX < layout.WINDOW_BYTES && layout.WINDOW_BYTES < 2 ** 24, 'lengths of keys have 24 bits')
})
