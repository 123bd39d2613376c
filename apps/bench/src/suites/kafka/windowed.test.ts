import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { windowed } from './windowed.ts'

test('never has more open than the limit, and waits for the last', async () => {
  let [open, most, done] = [0, 0, 0]
  await windowed([...Array.from({ length: 20 }).keys()], 3, async () => {
    most = Math.max(most, ++open)
    await sleep(1)
    open -= 1
    done += 1
  })
  expect([most, done]).toEqual([3, 20])
})

test('rejects with the first failure', async () => {
  const failing = windowed([1, 2, 3, 4], 2, async (n) => {
    if (n === 2) throw new Error('two')
  })
  await expect(failing).rejects.toThrow('two')
})
