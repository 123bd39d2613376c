import { connect, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { SnapstreamError } from '@snapstream/core'
import type { TlsSettings } from '@snapstream/kafka/driver'
import { tlsOptions } from '@snapstream/kafka/wire'
import type { BrokerAddress } from '@snapstream/kafka/wire'

const KEEP_ALIVE_AFTER_MS = 60_000

/** A socket, and when it is connected and secured. It closes by itself only where it never connected. */
export interface Dialled {
  readonly socket: Socket
  readonly connected: Promise<Socket>
  /** What Node last said was wrong, also after it was connected: the socket does not keep what TLS reports. */
  problem(): Error | undefined
}

/** Throws `USAGE` if a certificate or a key is not one; `connected` rejects with Node's error. */
export function dial({ host, port }: BrokerAddress, tls: TlsSettings | undefined): Dialled {
  const socket = tls ? secure({ ...tlsOptions(tls), ...nameOf(host), host, port }) : connect({ host, port })
  socket.setNoDelay(true)
  socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS)
  let problem: Error | undefined
  const connected = new Promise<Socket>((resolve, reject) => {
    socket.once(tls ? 'secureConnect' : 'connect', () => resolve(socket))
    socket.on('error', (error) => (problem = error))
    socket.once('close', () => reject(problem ?? new Error('the socket was closed before it was connected')))
  })
  return { socket, connected, problem: () => problem }
}

function secure(options: ConnectionOptions): Socket {
  try {
    return connectTls(options)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SnapstreamError(
      'USAGE',
      `the certificates or the key for TLS cannot be used: ${reason}; give them in PEM, and the passphrase of the key`,
      { cause },
    )
  }
}

/** Tells the broker which of its names is meant; addresses must not be told, and are checked all the same. */
const nameOf = (host: string): ConnectionOptions => (isIP(host) ? {} : { servername: host })
