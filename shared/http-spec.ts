/** A secret given in place, in a file or at an http(s) URL; what is not in place is read again when it may have changed. */
export type Secret = { readonly value: string } | { readonly file: string } | { readonly url: string }

/** Names and values of HTTP headers, in order, as given by the user. */
export type HeaderList = readonly (readonly [name: string, value: string])[]

/** How a request proves who it is. Shared by scrapes and remote write. */
export type AuthSpec =
  | { readonly type: 'basic'; readonly username: Secret; readonly password: Secret }
  | { readonly type: 'authorization'; readonly scheme: string; readonly credentials: Secret }
  | OAuth2Spec

/** Tokens by the client credentials grant of OAuth 2.0 (RFC 6749, 4.4). */
export type OAuth2Spec = {
  readonly type: 'oauth2'
  readonly clientId: string
  readonly clientSecret: Secret
  readonly tokenUrl: string
  readonly scopes: readonly string[]
  /** Further fields of the request for a token. */
  readonly endpointParams: HeaderList
  /** How to talk to the server that gives tokens. */
  readonly http: CallSpec
}

/** Options of a TLS connection; PEM text in place, or a file or URL that is read when a connection opens. */
export type TlsSpec = {
  readonly ca?: Secret
  readonly cert?: Secret
  readonly key?: Secret
  readonly serverName?: string
  readonly insecureSkipVerify: boolean
  readonly minVersion?: TlsVersion
  readonly maxVersion?: TlsVersion
}

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

/** A proxy that requests go through. */
export type ProxySpec = {
  /** Scheme http, https, socks5 or tls+socks5; may hold credentials, which go before `auth`. */
  readonly url: string
  readonly auth?: AuthSpec
  readonly tls?: TlsSpec
  /** For the proxy, with each request that it gets to see. */
  readonly headers: HeaderList
  /** For the proxy, where it is asked for a tunnel. */
  readonly connectHeaders: HeaderList
  /** Hosts that are reached without the proxy, as in the environment variable NO_PROXY. */
  readonly noProxy: string
}

/** What a single request needs beyond the URL; a proxy knows its user by the URL of the proxy alone. */
export type CallSpec = {
  readonly tls?: TlsSpec
  readonly headers: HeaderList
  readonly proxy?: Omit<ProxySpec, 'auth'>
}

/** What an HTTP client needs beyond the URL. */
export type HttpSpec = {
  readonly auth?: AuthSpec
  readonly tls?: TlsSpec
  /** Extra request headers. */
  readonly headers: HeaderList
  /** Extra request headers whose values are not in place. */
  readonly secretHeaders?: readonly (readonly [name: string, value: Secret])[]
  readonly proxy?: ProxySpec
}
