import type { ConnectionOptions } from 'node:tls'
import type { TlsSettings } from '../driver/driver.ts'

/** What Node's TLS sockets are to be given. */
export function tlsOptions({ ca, cert, key, passphrase, checkHostname }: TlsSettings): ConnectionOptions {
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
    ...(!checkHostname && { checkServerIdentity: () => undefined }),
  }
}
