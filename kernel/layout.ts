/*
 * Numbers that the kernel and its hosts share: the target block, and the kernel's scratch memory.
 * No types and no imports, so that AssemblyScript and Node read the same file.
 *
 * A target block is one ArrayBuffer, position-independent:
 *
 *   header │ chunk directory │ entries │ stencils of all chunks │ stencil of the auto metrics
 *
 *   entry │ keyHash: u48 │ keyBytes: 14, kind: 3, step: 15 bits │   one an exposed line, in the order of the body
 *   chunk │ entries │ samples │ stencilBytes │ rawBytes │ timeAt │ valueAt │   u32 each
 *
 * `timeAt` and `valueAt`, the place of the chunk's first value, count from the start of its stencil; a step leads from one
 * value to the next. A stencil is a run of snappy elements in which
 * every value lies as 8 raw bytes and the scrape's timestamp as one 6-byte varint that the other series copy.
 */
export const ENTRY_KEY_AT = 6
export const ENTRY_BYTES = 10
export const ENTRY_KIND_SHIFT = 14
export const ENTRY_KIND_BITS = 3
export const ENTRY_STEP_SHIFT = 17
/** Stands for all keys of so many bytes and more. */
export const KEY_BYTES_LONG = 0x3fff

export const CHUNK_ENTRIES_AT = 0
export const CHUNK_SAMPLES_AT = 4
export const CHUNK_STENCIL_BYTES_AT = 8
export const CHUNK_RAW_BYTES_AT = 12
export const CHUNK_TIME_AT = 16
export const CHUNK_VALUE_AT = 20
export const CHUNK_BYTES = 24

/** A chunk without a sample that takes the scrape's timestamp has no place for it. */
export const NO_TIME = 0xffffffff

/** Timestamps in this range, in ms, take exactly 6 bytes as a varint: 1971-02-03 to 2109-05-15. */
export const TIME6_FIRST = 34359738368
export const TIME6_END = 4398046511104

export const KIND_SAMPLE = 0
/** The sample has a timestamp of its own, as a 6-byte varint right behind its value. */
export const KIND_OWN_TIME = 1
/** Likewise, for timestamps that need less or more: a varint padded to 10 bytes. */
export const KIND_OWN_TIME_WIDE = 2
/** Metric relabeling drops the series: the line is checked and counted, and has no place in the stencil. */
export const KIND_DROPPED = 3
/** The line is not valid; the key is the whole line. */
export const KIND_INVALID = 4
/** Likewise dropped, but by the rules of remote write for all destinations: the scrape counts it as kept. */
export const KIND_UNSENT = 5
/** Likewise not sent, because the target has more series than its series limit allows. */
export const KIND_OVER_LIMIT = 6
/** Likewise not sent, because of the rules of the destinations that the block is for. */
export const KIND_UNSENT_BY_VIEW = 7

/** A chunk closes at this many lines, or before its raw protobuf would pass the byte limit. */
export const CHUNK_ENTRIES_MAX = 128
/** No step of a chunk with more than one series passes 15 bits, and no copy 16, though snappy may add a sixth. */
export const CHUNK_RAW_BYTES_MAX = 27000

/** A longer line is invalid. */
export const LINE_BYTES_MAX = 262144
/** The kernel may load whole vectors past the end of the text. */
export const READ_AHEAD_BYTES = 64

// Flags of a scrape.
export const FLAG_HONOR_TIMESTAMPS = 1
/** Every new series is labelled by the host: rules apply to it. */
export const FLAG_ALWAYS_LEARN = 2
/** The scrape's timestamp does not take 6 bytes: every sample without one of its own gets it as its own. */
export const FLAG_WIDE_TIME = 4

// What `verify` and `rebuild` return.
export const NEED_INPUT = 0
export const RUN_DONE = 1
export const MISMATCH = 2
export const CHUNK_FULL = 3
export const OLD_CHUNK_DONE = 4
export const OLD_CHUNK_JUMP = 5

// What the functions that append a series to the new chunk return.
export const APPENDED = 0
/** The chunk has no room: close it, then append again. */
export const APPEND_FULL = 1
/** The kernel does not know how to label the series. */
export const APPEND_HOST = 2

// What the host's `learn` returns when it has no labels to encode: the kind of the entry, negative.
export const LEARN_DROPPED = -KIND_DROPPED
export const LEARN_INVALID = -KIND_INVALID
export const LEARN_UNSENT = -KIND_UNSENT
export const LEARN_OVER_LIMIT = -KIND_OVER_LIMIT
export const LEARN_UNSENT_BY_VIEW = -KIND_UNSENT_BY_VIEW

// What the host's `lookup` returns for keys without an unseen entry.
export const LOOKUP_NEW = -1
export const LOOKUP_SEEN = -2

/*
 * Scratch memory. Static data of the kernel (tables of the number parser) lies below SCRATCH_AT. Nothing here grows:
 * a larger target is walked in runs of chunks, a larger body in windows of lines.
 */
export const SCRATCH_AT = 65536

export const STATE_AT = SCRATCH_AT
export const STATE_BYTES = 256

export const WINDOW_AT = STATE_AT + STATE_BYTES
export const WINDOW_BYTES = 524288

export const RUN_CHUNKS_MAX = 64
export const RUN_DIRECTORY_AT = WINDOW_AT + WINDOW_BYTES + READ_AHEAD_BYTES
export const RUN_ENTRIES_AT = RUN_DIRECTORY_AT + RUN_CHUNKS_MAX * CHUNK_BYTES
export const RUN_STENCIL_AT = RUN_ENTRIES_AT + RUN_CHUNKS_MAX * CHUNK_ENTRIES_MAX * ENTRY_BYTES
export const RUN_STENCIL_BYTES = 655360

/** Most raw bytes of one chunk: a series of the longest line, its target's labels, and what came before it. */
export const RAW_BYTES = 524288
export const OLD_RAW_AT = RUN_STENCIL_AT + RUN_STENCIL_BYTES + READ_AHEAD_BYTES
export const OLD_SERIES_AT = OLD_RAW_AT + RAW_BYTES + READ_AHEAD_BYTES
export const OLD_SEEN_AT = OLD_SERIES_AT + (CHUNK_ENTRIES_MAX + 1) * 4 + 12

export const NEW_RAW_AT = OLD_SEEN_AT + CHUNK_ENTRIES_MAX
export const NEW_ENTRIES_AT = NEW_RAW_AT + RAW_BYTES + READ_AHEAD_BYTES
/** For each sample of the new chunk: place of its value in the raw bytes, and number of its entry. */
export const NEW_VALUES_AT = NEW_ENTRIES_AT + CHUNK_ENTRIES_MAX * ENTRY_BYTES
export const NEW_SAMPLE_BYTES = 8

/** Snappy's worst case adds a sixth. */
export const OUT_AT = NEW_VALUES_AT + CHUNK_ENTRIES_MAX * NEW_SAMPLE_BYTES
export const OUT_BYTES = RAW_BYTES + 98304

export const MATCH_TABLE_BITS = 12
export const MATCH_TABLE_AT = OUT_AT + OUT_BYTES + READ_AHEAD_BYTES
export const MATCH_TABLE_BYTES = 16384

/** Labels of a line being encoded: address and length of name and of value, u32 each. */
export const LABEL_BYTES = 16
export const LABELS_MAX = 512
export const LABELS_AT = MATCH_TABLE_AT + MATCH_TABLE_BYTES

/** The target's labels, sorted: records like those of LABELS_AT, then the bytes they point to. */
export const TARGET_LABELS_AT = LABELS_AT + LABELS_MAX * LABEL_BYTES
export const TARGET_LABELS_BYTES = 65536

/** Where the host leaves encoded labels. */
export const LEARN_AT = TARGET_LABELS_AT + TARGET_LABELS_BYTES
export const LEARN_BYTES = 393216

/** What `foldCrc` adds to later blocks: as far as it reaches back, and some blocks before that is moved to the front. */
export const FOLD_REACH_BYTES = 4800
export const FOLD_BYTES = FOLD_REACH_BYTES + 16384
export const FOLD_AT = LEARN_AT + LEARN_BYTES + READ_AHEAD_BYTES
export const FOLD_TAIL_BYTES = FOLD_REACH_BYTES + 16
export const FOLD_TAIL_AT = FOLD_AT + FOLD_BYTES
/** A shorter text is not worth it. */
export const FOLD_TEXT_BYTES_MIN = 2 * FOLD_REACH_BYTES

export const SCRATCH_END = FOLD_TAIL_AT + FOLD_TAIL_BYTES

/*
 * State: u32 fields by which host and kernel talk, from STATE_AT.
 */
export const STATE_BODY_POS = 0
export const STATE_BODY_END = 4
export const STATE_FLAGS = 8
export const STATE_TARGET_LABELS = 12
/** The scrape's timestamp in ms, i64. */
export const STATE_TIME = 16
export const STATE_SEED = 24
export const STATE_RUN_CHUNKS = 32
export const STATE_RUN_CHUNK = 36
export const STATE_RUN_ENTRY = 40
/** Valid lines so far; those that relabeling kept; invalid lines; lines whose series the target did not have. */
export const STATE_SCRAPED = 44
export const STATE_KEPT = 48
export const STATE_INVALID = 52
export const STATE_ADDED = 56
export const STATE_ENCODED = 60
export const STATE_LEARNED = 64
/** The chunk being built. */
export const STATE_NEW_ENTRIES = 68
export const STATE_NEW_SAMPLES = 72
export const STATE_NEW_RAW = 76
export const STATE_NEW_TIME_AT = 80
export const STATE_NEW_VALUE_AT = 104
/** The old chunk that lines are compared with: its entries, the number of its first entry, the next one expected. */
export const STATE_OLD_ENTRIES_AT = 84
export const STATE_OLD_ENTRIES = 88
export const STATE_OLD_FIRST = 92
export const STATE_OLD_CURSOR = 96
/** The entry that the last line was found at by its hash; the entry to continue at after OLD_CHUNK_JUMP. */
export const STATE_LAST_HIT = 100
