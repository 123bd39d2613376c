import { platformHost } from '../host.ts'
import type { Host } from '../host.ts'

/**
 * Resolves after `ms` milliseconds (24.8 days at most), or as soon as the signal is aborted. Never rejects. It removes its
 * listener from the signal, as a signal that lives for months may see a sleep each second.
 *
 * @param host the timers to use; by default the platform's
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
