import type { Socket } from 'node:net'
import type { BrokerAddress } from '@snapstream/kafka/wire'
import { closedError, refusal, timedOut } from './connection-error.ts'
import type { Secrets } from './connection-error.ts'

/**
 * Sends one request. Rejects with a SnapstreamError, at the latest after `requestTimeoutMs` and `waitMs`: nothing that is
 * asked after a request without an answer would be answered, so the socket is closed then.
 */
export type Call = <T extends { readonly throttleTimeMs: number }>(
  api: string,
  send: () => Promise<T>,
  waitMs?: number,
) => Promise<T>

/** Sends requests over a socket, and watches how long they take. */
export interface Caller {
  readonly call: Call
  isOpen(): boolean
  /** Closes the socket at once. Resolves when that is done; never rejects. */
  close(): Promise<void>
}

/** Node fires longer ones at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export function caller(
  address: BrokerAddress,
  options: { readonly socket: Socket; readonly requestTimeoutMs: number; readonly secrets: Secrets },
): Caller {
  const { socket, requestTimeoutMs, secrets } = options
  /** What ended it, as far as it is known: the client's own error says no more than that it is closed. */
  let end: Error | undefined
  /** The broker does not read from this socket before. */
  let mutedUntil = 0
  socket.on('error', (error) => (end ??= error))
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
  })

  function close(reason: Error): void {
    end ??= reason
    socket.destroy()
  }

  return {
    isOpen: () => end === undefined && socket.writable,
    async call(api, send, waitMs = 0) {
      if (end !== undefined || socket.destroyed) throw refusal(end ?? closedError(address), address, api, secrets)
      const limitMs = requestTimeoutMs + waitMs
      const start = performance.now()
      let timer: ReturnType<typeof setTimeout> | undefined
      const watch = (): void => {
        const leftMs = Math.max(start, mutedUntil) + limitMs - performance.now()
        if (leftMs > 0) timer = setTimeout(watch, Math.min(LONGEST_TIMER_MS, Math.ceil(leftMs)))
        else close(timedOut(address, api, limitMs))
      }
      watch()
      try {
        const answer = await send()
        const { throttleTimeMs } = answer
        if (throttleTimeMs > 0) mutedUntil = Math.max(mutedUntil, performance.now() + throttleTimeMs)
        return answer
      } catch (error) {
        throw refusal(end ?? error, address, api, secrets)
      } finally {
        clearTimeout(timer)
      }
    },
    async close() {
      close(closedError(address))
      await closed
    },
  }
}
