/** A broker that listens in every way there is, and what its clients need. Certificates and keys are PEM. */
export interface SecureBroker {
  /** `host:port` each. */
  readonly addresses: {
    readonly plaintext: string
    readonly ssl: string
    readonly saslPlaintext: string
    /** With PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512, like `saslPlaintext`. */
    readonly saslSsl: string
    /** Wants a certificate of its clients that `ca` has signed. */
    readonly mutualSsl: string
    /** Shows a certificate that is not valid any more. */
    readonly expiredSsl: string
    /** Shows a certificate for another host. */
    readonly elsewhereSsl: string
  }
  /** Who signed the broker's certificates. */
  readonly ca: string
  /** Who signed none of them. */
  readonly otherCa: string
  /** Signed by `ca`; the key is encrypted. */
  readonly client: { readonly cert: string; readonly key: string; readonly passphrase: string }
  /** Signed by `otherCa`. */
  readonly strangeClient: { readonly cert: string; readonly key: string }
  readonly username: string
  readonly password: string
}
