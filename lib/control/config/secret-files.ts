import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { ConfigError } from '../../yaml/error.ts'
import type { YamlMap, YamlValue } from '../../yaml/value.ts'
import { isHttpUrl } from './read.ts'
import type { JobScope } from './secrets.ts'

/** A file that a job names and that cannot be used at the moment; `error` says where and why. */
export type UnusableFile = { readonly path: string; readonly error: ConfigError }

/** Maps within the options of an HTTP client that may name files. */
const MAPS_WITH_FILES = /^(proxy_)?(authorization|basic_auth|oauth2|tls_config)$/

/**
 * Notes in `scope.unusable` which of the files that the options of an HTTP client name cannot be used now: those that
 * cannot be read, and certificates and keys that are none. This says nothing of later, for they are read when needed.
 */
export function checkFiles(map: YamlMap, scope: JobScope): void {
  const files = new Map<string, NamedFile>()
  for (const { name, value } of map.fields) {
    if (MAPS_WITH_FILES.test(name) && value.isMap) checkFiles(value.asMap(), scope)
    else if (name.endsWith('_file') && !value.isNull && !isHttpUrl(value.asString())) {
      const file = new NamedFile(value, scope)
      if (file.read()) files.set(name, file)
    }
  }
  const ca = files.get('ca_file')
  ca?.check(() => new X509Certificate(ca.content))
  const cert = files.get('cert_file')
  const key = files.get('key_file')
  if (key !== undefined) cert?.check(() => createSecureContext({ cert: cert.content, key: key.content }))
}

class NamedFile {
  content: Buffer = Buffer.alloc(0)
  readonly #value: YamlValue
  readonly #path: string
  readonly #unusable: UnusableFile[]

  constructor(value: YamlValue, { baseDir, unusable }: JobScope) {
    this.#value = value
    this.#path = resolve(baseDir, value.asString())
    this.#unusable = unusable
  }

  /** False if it cannot be read. */
  read(): boolean {
    return this.#note('cannot be read', () => {
      this.content = readFileSync(this.#path)
    })
  }

  check(use: () => void): void {
    this.#note('holds no usable certificate', use)
  }

  #note(problem: string, use: () => void): boolean {
    try {
      use()
      return true
    } catch (cause) {
      const error = this.#value.error(`${this.#path} ${problem}: ${(cause as Error).message}`, { cause })
      this.#unusable.push({ path: this.#path, error })
      return false
    }
  }
}
