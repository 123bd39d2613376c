import { describe, expect, test } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { Core } from './core.ts'

export function backoffSuite({ createApp }: Core): void {
  describe('a backoff', () => {
    test.each([
      [100, 1, [0, 50, 150, 350]],
      [100, 0.5, [0, 75, 225, 525]],
      [60_000, 0.5, [0, 22_500, 45_000, 67_500]],
    ])('of %i ms doubles up to 30 s, and jitter scales it (random %d)', async (backoffMs, random, expected) => {
      const host = createVirtualHost({ random: () => random })
      const app = createApp({ host })
      const tries: number[] = []
      app.snap(['once'], { onError: { retries: 3, backoffMs } })(() => {
        if (tries.push(host.now()) < 4) throw new Error('not yet')
      })
      await host.settle(app.stream())
      expect(tries).toEqual(expected)
    })
  })
}
