export interface Authority {
  /** PEM, like everything here. */
  readonly cert: string
  readonly key: string
}

export interface CertificateOptions {
  commonName: string
  /** Names and addresses of IPv4 it is for. Without any it is a client's. */
  hosts?: readonly string[]
  /** Since yesterday. @default false */
  expired?: boolean
  /** Encrypts the key. */
  passphrase?: string
}

/** An authority that signs certificates, made anew. */
export function createAuthority(commonName: string): Promise<Authority>

/** A certificate of an authority, valid for a day, with its key. */
export function createCertificate(
  authority: Authority,
  options: CertificateOptions,
): Promise<{ readonly cert: string; readonly key: string }>
