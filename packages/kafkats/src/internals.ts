import type { Socket } from 'node:net'
import { Broker } from '@kafkats/client'
import type { BrokerConfig } from '@kafkats/client'

/**
 * What is used of `@kafkats/client` beyond what it publishes, all in this file: that a `Broker` has two connections, and
 * that a connection gets its socket from a factory. The version is pinned; internals.test.ts fails when these are gone.
 */
interface BrokerInternals {
  readonly connection: { readonly socketFactory: { connect(host: string, port: number): Promise<Socket> } }
  fetchConnection: unknown
}

/**
 * A broker of the client over one socket, which `dial` makes. The client's own way of making sockets cannot leave the name
 * of a certificate unchecked, brings the process down when a certificate is not one, and keeps the socket to itself, so
 * that nobody can close it at once. A second socket, for fetching, is not needed: fetching has connections of its own.
 */
export function brokerOver(dial: () => Promise<Socket>, config: BrokerConfig): Broker {
  const broker = new Broker(config)
  const inside = broker as unknown as BrokerInternals
  inside.connection.socketFactory.connect = dial
  inside.fetchConnection = inside.connection
  return broker
}
