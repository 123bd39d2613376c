import { platformHost } from '../host.ts'
import type { Host } from '../protocol.ts'

/**
 * Resolves after `ms` milliseconds (24.8 days at most), or as soon as the signal is aborted. Nothing stays attached to the
 * signal, which may live for months and see a sleep each second.
 */
export async function sleep(
  ms: number,
  signal?: AbortSignal,
  host: Pick<Host, 'setTimeout'> = platformHost(),
): Promise<void> {
  if (signal?.aborted) return
  await new Promise<void>((resolve) => {
    const wake = () => {
      cancel()
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const cancel = host.setTimeout(wake, ms)
    signal?.addEventListener('abort', wake)
  })
}
