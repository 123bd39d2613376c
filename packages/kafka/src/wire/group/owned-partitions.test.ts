import { expect, test } from 'vitest'
import { createCondition } from '@snapstream/core/adapter'
import type { TopicPartition } from '../../driver/driver.ts'
import { ownedPartitions } from './owned-partitions.ts'

const [a, b]: readonly TopicPartition[] = [
  { topic: 't', partition: 0 },
  { topic: 't', partition: 1 },
]
const LIMIT_MS = 30
const both = [a, b].filter((at) => at !== undefined)

/** Owned partitions with a listener that the test controls. */
function told() {
  const events: string[] = []
  const answers: { resolve: () => void; reject: (error: Error) => void }[] = []
  const state = { slow: false }
  const ending = new AbortController()
  const changes = createCondition()
  const close = () => {
    ending.abort()
    changes.notify()
  }
  const answer = async (what: string) => {
    events.push(what)
    if (state.slow) await new Promise<void>((resolve, reject) => answers.push({ resolve, reject }))
  }
  const names = (partitions: readonly TopicPartition[]) => partitions.map(({ partition }) => partition).join()
  const owned = ownedPartitions({
    listener: {
      assigned: (given) => answer(`assigned ${names(given)}`),
      revoked: (given, reason) => answer(`${reason} ${names(given)}`),
    },
    changes,
    signal: ending.signal,
  })
  return { owned, events, answers, state, close }
}

test('a partition that is revoked is owned until the listener is done with it', async () => {
  const { owned, events, answers, state } = told()
  await owned.assign(both)
  state.slow = true
  const handing = owned.revoke(both.slice(0, 1), 'revoked', LIMIT_MS)
  expect(owned.all()).toEqual(both)
  answers[0]?.resolve()
  expect(await handing).toBe(true)
  expect(owned.all()).toEqual(both.slice(1))
  expect(events).toEqual(['assigned 0,1', 'revoked 0'])
})

test('a partition that is lost stops being owned at once', async () => {
  const { owned, answers, state } = told()
  await owned.assign(both)
  state.slow = true
  const handing = owned.revoke(both.slice(0, 1), 'lost', LIMIT_MS)
  expect(owned.all()).toEqual(both.slice(1))
  answers[0]?.resolve()
  await handing
})

test('a hand-over that takes too long is given up, and the listener learns of the loss while it is pending', async () => {
  const { owned, events, answers, state } = told()
  await owned.assign(both)
  state.slow = true
  expect(await owned.revoke(both.slice(0, 1), 'revoked', LIMIT_MS)).toBe(false)
  expect(owned.all()).toEqual(both)
  owned.lose()
  expect(owned.all()).toEqual([])
  const over = owned.toldOfLoss()
  await expect.poll(() => events).toEqual(['assigned 0,1', 'revoked 0', 'lost 0,1'])
  for (const { resolve } of answers) resolve()
  await over
  expect(owned.isLost).toBe(false)
})

test('a listener learns of a loss after the assignment in progress', async () => {
  const { owned, events, answers, state } = told()
  state.slow = true
  const taking = owned.assign(both)
  owned.lose()
  expect(events).toEqual(['assigned 0,1'])
  answers[0]?.resolve()
  await taking
  await expect.poll(() => events.at(-1)).toBe('lost 0,1')
  answers[1]?.resolve()
  await owned.toldOfLoss()
})

test('an error of the listener rejects the call that waits for it', async () => {
  const { owned, answers, state } = told()
  await owned.assign(both)
  state.slow = true
  const handing = owned.revoke(both, 'revoked', LIMIT_MS)
  answers[0]?.reject(new Error('broke'))
  await expect(handing).rejects.toThrow('broke')
  owned.lose()
  await expect(owned.toldOfLoss()).rejects.toThrow('broke')
})

test('no call waits for the listener once the member leaves', async () => {
  const { owned, state, close } = told()
  await owned.assign(both)
  state.slow = true
  const handing = owned.revoke(both, 'revoked', LIMIT_MS)
  close()
  expect(await handing).toBe(true)
  expect(await owned.revoke(both, 'revoked', LIMIT_MS)).toBe(true)
})
