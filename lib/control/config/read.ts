import { readFile, stat } from 'node:fs/promises'
import { HttpReader } from '../http-reader.ts'

/** As much as is fetched: larger files are no configuration. */
const FILE_BYTES_MAX = 64 * 2 ** 20

export function isHttpUrl(path: string): boolean {
  return /^https?:\/\//i.test(path)
}

/**
 * Reads a configuration file, or fetches it.
 *
 * @param path of a file, or an http(s) URL
 * @throws {Error} of the file system, or for a file that is too large
 * @throws {DiscoveryFailed} the URL does not answer with status 200
 */
export async function readText(path: string): Promise<string> {
  if (!isHttpUrl(path)) {
    const { size } = await stat(path)
    if (size > FILE_BYTES_MAX) throw new RangeError(`the file is larger than ${FILE_BYTES_MAX} bytes`)
    return readFile(path, 'utf8')
  }
  const reader = new HttpReader({ http: { headers: [] }, followRedirects: true })
  try {
    return await reader.read(path)
  } finally {
    reader.close()
  }
}

/** Puts the values of variables in place of `%{NAME}`; names that are not set stay as they are. */
export function expandEnvironment(text: string, env: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(/%\{([^{}]+)\}/g, (placeholder, name: string) => env[name] ?? placeholder)
}
