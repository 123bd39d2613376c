import { SnapstreamError } from '@snapstream/core'
import { shownAddress } from './broker-address.ts'
import type { BrokerAddress, Connect, Connection } from './connection.ts'

/** Connects within some time, and rejects with `BROKER_UNREACHABLE` after it. What comes too late is closed. */
export async function connectWithin(connect: Connect, address: BrokerAddress, ms: number): Promise<Connection> {
  let late = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const time = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      late = true
      const text = `the broker ${shownAddress(address)} did not let anybody connect within ${ms} ms`
      reject(new SnapstreamError('BROKER_UNREACHABLE', text))
    }, ms)
  })
  const connecting = connect(address).then(async (connection) => {
    if (late) await connection.close()
    return connection
  })
  try {
    return await Promise.race([connecting, time])
  } finally {
    clearTimeout(timer)
    // Nobody waits for it any more.
    connecting.catch(() => {})
  }
}
