import { describe, expect, test, vi } from 'vitest'
import { platformHost } from './host.ts'
import { createVirtualHost } from './testing/index.ts'

/** A platform with real limits of timers: a timer that is set for too long fires at once. */
function fakePlatform() {
  const set = new Map<unknown, { f: () => void; ms: number }>()
  let id = 0
  return {
    set,
    setTimeout(f: () => void, ms: number) {
      set.set(++id, { f, ms: ms > 2 ** 31 - 1 ? 1 : ms })
      return id
    },
    clearTimeout: (timer: unknown) => void set.delete(timer),
    /** Fires the only timer. Returns the time that it was set for, in ms. */
    fire(): number {
      const [[timer, { f, ms }]] = [...set] as [[unknown, { f: () => void; ms: number }]]
      set.delete(timer)
      f()
      return ms
    },
  }
}

describe('the host of a platform', () => {
  test('a correction of the clock changes now, and not monotonic', () => {
    const host = platformHost()
    const date = vi.spyOn(Date, 'now').mockReturnValue(1_000_000)
    expect(host.now()).toBe(1_000_000)
    const before = host.monotonic()
    date.mockReturnValue(1_000_000 - 3_600_000)
    expect(host.now()).toBe(1_000_000 - 3_600_000)
    expect(host.monotonic() - before).toBeGreaterThanOrEqual(0)
    expect(host.monotonic() - before).toBeLessThan(60_000)
    date.mockRestore()
  })

  test.each([100, 2 ** 31 - 1, 30 * 86_400_000, Infinity])('waits for %d ms, or as long as a timer does', (ms) => {
    const platform = fakePlatform()
    const host = platformHost(platform)
    let fired = 0
    host.setTimeout(() => fired++, ms)
    expect([platform.fire(), fired]).toEqual([Math.min(ms, 2 ** 31 - 1), 1])
    host.setTimeout(() => {}, ms)()
    expect(platform.set.size).toBe(0)
  })

  test('monotonic reads Date.now on a platform without performance', () => {
    const date = vi.spyOn(Date, 'now').mockReturnValue(5)
    expect(platformHost(fakePlatform()).monotonic()).toBe(5)
    date.mockRestore()
  })
})

describe('the virtual host', () => {
  test('correct steps the time of day and fires no timer', async () => {
    const host = createVirtualHost({ startMs: 1000 })
    const fired: number[] = []
    host.setTimeout(() => fired.push(host.monotonic()), 100)
    host.correct(-3_600_000)
    expect([host.now(), host.monotonic(), host.nextAt]).toEqual([1000 - 3_600_000, 0, 100])
    await host.advance(150)
    expect([fired, host.now(), host.monotonic()]).toEqual([[100], 1150 - 3_600_000, 150])
  })
})
