/** A broker that listens with every security protocol, and the credentials of its clients. Certificates and keys are PEM. */
export interface SecureBroker {
  /** The addresses of its listeners, `host:port` each. */
  readonly addresses: {
    /** Without TLS and without a login. */
    readonly plaintext: string
    /** With TLS. */
    readonly ssl: string
    /** Without TLS, with a login by PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. */
    readonly saslPlaintext: string
    /** With TLS, with the same login. */
    readonly saslSsl: string
    /** With TLS; requires clients to have a certificate signed by `ca`. */
    readonly mutualSsl: string
    /** With TLS and an expired certificate. */
    readonly expiredSsl: string
    /** With TLS and a certificate for another host. */
    readonly elsewhereSsl: string
  }
  /** The authority that signed the broker's certificates. */
  readonly ca: string
  /** An authority that signed none of them. */
  readonly otherCa: string
  /** A client that the broker trusts. */
  readonly client: {
    /** The certificate, signed by `ca`. */
    readonly cert: string
    /** The encrypted private key. */
    readonly key: string
    /** The passphrase of the key. */
    readonly passphrase: string
  }
  /** A client that the broker does not trust. */
  readonly strangeClient: {
    /** The certificate, signed by `otherCa`. */
    readonly cert: string
    /** The private key. */
    readonly key: string
  }
  /** The name of the user that may log in. */
  readonly username: string
  /** The password of the user. */
  readonly password: string
}
