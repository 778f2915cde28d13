/*
 * What a ring record holds. Every payload begins with a header, all little-endian:
 *
 *   segment (KIND_SEGMENT)
 *   0        4         8          12        16
 *   ├ rawBytes ┼ samples ┼ series    ┼ reserved ┤ snappy elements ...
 *
 *   The elements are a snappy block body without its length preamble; they decompress to `rawBytes` of
 *   concatenated WriteRequest.timeseries fields and refer only to themselves, so that segments concatenate.
 *
 *   metadata (KIND_METADATA): the same header with samples = series = 0.
 */
export const KIND_SEGMENT = 1
export const KIND_METADATA = 2

export const SEGMENT_RAW_BYTES_AT = 0
export const SEGMENT_SAMPLES_AT = SEGMENT_RAW_BYTES_AT + 4
export const SEGMENT_SERIES_AT = SEGMENT_SAMPLES_AT + 4
export const SEGMENT_HEADER_BYTES = SEGMENT_SERIES_AT + 8
