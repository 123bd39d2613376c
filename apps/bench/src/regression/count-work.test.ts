import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { countWork } from './count-work.ts'

test('counts promises and timers, only between start and stop', async () => {
  const { promises, timers } = await countWork(async () => {
    for (let i = 0; i < 100; i++) await Promise.resolve()
    await sleep(1)
  })
  await sleep(1)
  expect(promises).toBeGreaterThanOrEqual(200)
  expect(promises).toBeLessThan(260)
  expect(timers).toBe(1)
})
