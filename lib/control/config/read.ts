import { readFile } from 'node:fs/promises'
import { DiscoveryFailed } from '../discovery/error.ts'

const FETCH_TIMEOUT_MS = 60_000

export function isHttpUrl(path: string): boolean {
  return /^https?:\/\//i.test(path)
}

/**
 * Reads a configuration file, or fetches it.
 *
 * @param path of a file, or an http(s) URL
 * @throws {Error} of the file system; {DiscoveryFailed} if the URL does not answer with status 200
 */
export async function readText(path: string): Promise<string> {
  if (!isHttpUrl(path)) return readFile(path, 'utf8')
  let response: Response
  try {
    response = await fetch(path, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) })
  } catch (cause) {
    throw new DiscoveryFailed(`${path} cannot be fetched: ${(cause as Error).message}`, { cause })
  }
  const text = await response.text()
  if (response.status !== 200) throw new DiscoveryFailed(`${path} answered ${response.status}`)
  return text
}

/** Puts the values of variables in place of `%{NAME}`; names that are not set stay as they are. */
export function expandEnvironment(text: string, env: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(/%\{([^{}]+)\}/g, (placeholder, name: string) => env[name] ?? placeholder)
}
