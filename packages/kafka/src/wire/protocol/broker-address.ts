import { SnapstreamError, describe } from '@snapstream/core'
import type { BrokerAddress } from './connection.ts'

const NO_NODE = -1

/** Parses an address of the settings: `host:port`, `[::1]:port`. Throws `USAGE`. */
export function brokerAddress(text: string): BrokerAddress {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/u.exec(text.trim()) ?? []
  const host = bracketed ?? plain
  const number = Number(port)
  if (host !== undefined && number > 0 && number < 65_536) return { nodeId: NO_NODE, host, port: number }
  throw new SnapstreamError(
    'USAGE',
    `the address of a broker has to be host:port (an IPv6 address in brackets: [::1]:9092), got ${describe(text)}`,
  )
}

/** The address for messages: `host:port`, `[::1]:port`. */
export function shownAddress({ host, port }: BrokerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
