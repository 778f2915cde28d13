import type { HeaderList, HttpSpec } from '../../../shared/http-spec.ts'
import { fieldTable, type YamlValue } from '../../yaml/value.ts'
import { type JobScope, secretAt } from './secrets.ts'

const HTTP_HEADER_FIELDS = fieldTable('values', 'secrets', 'files')

/** Reads `headers`: a list of `Name: value`. Other forms go to `scope.problems`. @throws {ConfigError} on wrong types */
export function readHeaders(value: YamlValue | undefined, { problems }: JobScope): HeaderList {
  const headers: [string, string][] = []
  for (const item of value?.asList() ?? []) {
    const text = item.asSecretPair()
    const colon = text.indexOf(':')
    if (colon < 1) problems.push(item.error(`header ${JSON.stringify(text)} is not of the form "Name: value"`))
    else headers.push([text.slice(0, colon).trim(), text.slice(colon + 1).trim()])
  }
  return headers
}

/**
 * Reads `http_headers`, the way of Prometheus: by name, lists of `values`, `secrets` and `files`. Several values of one
 * header are joined by commas, which is the same (RFC 9110, 5.3).
 *
 * @throws {ConfigError} on wrong types; a header from several files goes to `scope.problems`
 */
export function readHttpHeaders(
  value: YamlValue | undefined,
  scope: JobScope,
): Required<Pick<HttpSpec, 'headers' | 'secretHeaders'>> {
  const headers: [string, string][] = []
  const secretHeaders: [string, ReturnType<typeof secretAt>][] = []
  for (const { name, value: header } of value?.asMap().fields ?? []) {
    const fields = header.asMap().check(HTTP_HEADER_FIELDS)
    const values = fields.get('values')?.asStrings() ?? []
    const secrets =
      fields
        .get('secrets')
        ?.asList()
        .map(secret => secret.asSecret()) ?? []
    const files = fields.get('files')?.asStrings() ?? []
    const inPlace = [...values, ...secrets]
    if (files.length + Math.min(inPlace.length, 1) > 1) {
      scope.problems.push(header.error('a header takes its value from one file, or from values and secrets'))
    }
    if (inPlace.length > 0) headers.push([name, inPlace.join(', ')])
    else if (files.length > 0) secretHeaders.push([name, secretAt(files[0]!, scope)])
  }
  return { headers, secretHeaders }
}

/** Reads a map of names and lists of secrets, as `proxy_connect_header` has it. @throws {ConfigError} on wrong types */
export function readSecretLists(value: YamlValue | undefined): HeaderList {
  const fields = value?.asMap().fields ?? []
  return fields.map(
    ({ name, value: list }) =>
      [
        name,
        list
          .asList()
          .map(item => item.asSecret())
          .join(', '),
      ] as const,
  )
}
