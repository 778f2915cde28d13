import manifest from '../../package.json' with { type: 'json' }

/** Version of this Penstock, such as `0.1.0`. */
export const VERSION: string = manifest.version

/** What `-version` prints, without a newline. */
export function versionText(): string {
  return `penstock-${VERSION}`
}
