/** A broker that listens with every security protocol, and the credentials of its clients. Certificates and keys are PEM. */
export interface SecureBroker {
  /** `host:port` each. */
  readonly addresses: {
    readonly plaintext: string
    readonly ssl: string
    readonly saslPlaintext: string
    /** With PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512, like `saslPlaintext`. */
    readonly saslSsl: string
    /** Asks its clients for a certificate signed by `ca`. */
    readonly mutualSsl: string
    /** Has an expired certificate. */
    readonly expiredSsl: string
    /** Has a certificate for another host. */
    readonly elsewhereSsl: string
  }
  /** The authority that signed the broker's certificates. */
  readonly ca: string
  /** An authority that signed none of them. */
  readonly otherCa: string
  /** Signed by `ca`; the key is encrypted. */
  readonly client: { readonly cert: string; readonly key: string; readonly passphrase: string }
  /** Signed by `otherCa`. */
  readonly strangeClient: { readonly cert: string; readonly key: string }
  readonly username: string
  readonly password: string
}
