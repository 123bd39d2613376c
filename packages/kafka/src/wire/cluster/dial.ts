import { connect, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { SnapstreamError, toError } from '@snapstream/core'
import type { TlsSettings } from '../../driver/driver.ts'
import { connectionError } from '../errors/connection-error.ts'
import type { BrokerAddress } from '../protocol/connection.ts'

const KEEP_ALIVE_AFTER_MS = 60_000

/**
 * Connects a socket, over TLS if it is set. Rejects with `USAGE` for a certificate or a key that cannot be used, with
 * `TLS_REFUSED`, and with `BROKER_UNREACHABLE`, also if the signal is aborted; the socket is closed then.
 */
export async function dial(address: BrokerAddress, tls: TlsSettings | undefined, signal: AbortSignal): Promise<Socket> {
  const { host, port } = address
  const socket = tls ? secure({ ...tlsOptions(tls), ...nameOf(host), host, port }) : plain(address)
  socket.setNoDelay(true)
  socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS)
  const giveUp = () => void socket.destroy()
  signal.addEventListener('abort', giveUp)
  if (signal.aborted) giveUp()
  let problem: unknown
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(tls ? 'secureConnect' : 'connect', resolve)
      socket.on('error', (error) => (problem = error))
      socket.once('close', () => reject(toError(problem ?? new Error('it closed the connection at once'))))
    })
    return socket
  } catch (error) {
    throw connectionError(error, address)
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

function plain(address: BrokerAddress): Socket {
  try {
    return connect({ host: address.host, port: address.port })
  } catch (error) {
    throw connectionError(error, address)
  }
}

function secure(options: ConnectionOptions): Socket {
  try {
    return connectTls(options)
  } catch (cause) {
    throw new SnapstreamError(
      'USAGE',
      `the certificates or the key for TLS cannot be used: ${toError(cause).message}; give them in PEM, and the ` +
        'passphrase of the key',
      { cause },
    )
  }
}

/** The options of Node's TLS sockets. */
function tlsOptions({ ca, cert, key, passphrase, checkHostname }: TlsSettings): ConnectionOptions {
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
    ...(!checkHostname && { checkServerIdentity: () => undefined }),
  }
}

/** The name for SNI, which must not be an IP address. The certificate is checked in both cases. */
const nameOf = (host: string): ConnectionOptions => (isIP(host) ? {} : { servername: host })
