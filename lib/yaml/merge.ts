import { type Document, isMap, isSeq, parseDocument, YAMLSeq } from 'yaml'

/** Every scalar is a string, so that each stays as it is written. */
const AS_WRITTEN = { schema: 'failsafe' } as const

/**
 * A file as it would be if it held what it names: the items of other files, each of them a list, are put at the end of
 * one of its lists, and the field that names the files goes.
 *
 * @param text of a map; it and `lists` are known to be valid
 */
export function mergeLists(text: string, list: string, lists: readonly string[], naming: string): string {
  const document: Document = parseDocument(text, AS_WRITTEN)
  if (!isMap(document.contents)) return text
  document.delete(naming)
  const existing = document.get(list, true)
  const target = isSeq(existing) ? existing : new YAMLSeq()
  if (target !== existing) document.set(list, target)
  for (const other of lists) {
    const { contents } = parseDocument(other, AS_WRITTEN)
    // Aliases go with their items: they mean the anchor of that name that comes last before them.
    if (isSeq(contents)) target.items.push(...contents.items)
  }
  return document.toString({ lineWidth: 0 })
}
