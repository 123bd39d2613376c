import { brokerUnreachable } from '../errors/connection-error.ts'
import type { BrokerAddress, Connect, Connection } from '../protocol/connection.ts'

/**
 * Connects within some time, and rejects with `BROKER_UNREACHABLE` after it, or with the reason of
 * `ended`. What comes too late is closed.
 */
export async function connectWithin(
  connect: Connect,
  address: BrokerAddress,
  ms: number,
  ended?: AbortSignal,
): Promise<Connection> {
  const late = new AbortController()
  const end = () => late.abort(ended?.reason)
  const timer = setTimeout(() => {
    late.abort(brokerUnreachable(address, `did not let anybody connect within ${ms} ms`))
  }, ms)
  ended?.addEventListener('abort', end)
  if (ended?.aborted) end()
  const { signal } = late
  const time = new Promise<never>((_, reject) => {
    const fail = () => reject(signal.reason as Error)
    signal.addEventListener('abort', fail)
    if (signal.aborted) fail()
  })
  const connecting = connect(address, signal).then(async (connection) => {
    if (signal.aborted) await connection.close()
    return connection
  })
  try {
    return await Promise.race([connecting, time])
  } finally {
    clearTimeout(timer)
    ended?.removeEventListener('abort', end)
    // Nobody waits for these any more.
    connecting.catch(() => {})
    time.catch(() => {})
  }
}
