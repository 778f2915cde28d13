import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'

type Re2Module = { readonly RE2JS: typeof RE2JS }

/**
 * RE2, loaded when the first expression needs it: it takes 5 MiB in each thread, and most threads only ever see rules of
 * the shapes that need no engine.
 */
export function re2(): typeof RE2JS {
  return (createRequire(import.meta.url)('re2js') as Re2Module).RE2JS
}
