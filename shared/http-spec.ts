/** A secret given in place or in a file; a file is read again when it changes. */
export type Secret = { readonly value: string } | { readonly file: string }

/** How a request proves who it is. Shared by scrapes and remote write. */
export type AuthSpec =
  | { readonly type: 'basic'; readonly username: Secret; readonly password: Secret }
  | { readonly type: 'authorization'; readonly scheme: string; readonly credentials: Secret }

/** Options of a TLS connection; PEM text in place, or a file that is read when a connection opens. */
export type TlsSpec = {
  readonly ca?: Secret
  readonly cert?: Secret
  readonly key?: Secret
  readonly serverName?: string
  readonly insecureSkipVerify: boolean
  readonly minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'
}

/** What an HTTP client needs beyond the URL. */
export type HttpSpec = {
  readonly auth?: AuthSpec
  readonly tls?: TlsSpec
  /** Extra request headers, in order, as given by the user. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}
