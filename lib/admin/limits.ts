// What a client may cost. One that is slower or larger has its request refused or its connection closed.

/** Request line and headers. */
export const HEADER_BYTES_MAX = 32 * 1024
export const URL_BYTES_MAX = 16 * 1024
/** Forms are small, though one may hold a file of relabeling rules. */
export const FORM_BYTES_MAX = 64 * 1024

export const HANDSHAKE_TIMEOUT_MS = 10_000
export const HEADERS_TIMEOUT_MS = 10_000
/** Nothing is read or written for so long. */
export const INACTIVE_TIMEOUT_MS = 120_000
/** How often Node.js looks for requests that take too long. */
export const TIMEOUT_CHECK_MS = 1000

/** Of each listening address. */
export const CONNECTIONS_MAX = 4096
/** Answers that clients have not read to the end yet. */
export const UNREAD_BYTES_MAX = 128 * 2 ** 20
