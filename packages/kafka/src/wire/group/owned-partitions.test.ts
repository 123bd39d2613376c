import { expect, test } from 'vitest'
import type { TopicPartition } from '../../driver/driver.ts'
import { memberPartitions } from './owned-partitions.ts'
import { wakeUps } from '../wake-ups.ts'

const [a, b]: readonly TopicPartition[] = [
  { topic: 't', partition: 0 },
  { topic: 't', partition: 1 },
]
const both = [a, b].filter((at) => at !== undefined)

/** Somebody who is told, and answers when the test says so. */
function told() {
  const events: string[] = []
  const answers: { resolve: () => void; reject: (error: Error) => void }[] = []
  const pending = new Promise<void>(() => {})
  const state = { slow: false, late: 0 }
  const ending = new AbortController()
  const changes = wakeUps()
  const close = () => {
    ending.abort()
    changes.wake()
  }
  const answer = async (what: string) => {
    events.push(what)
    if (state.slow) await new Promise<void>((resolve, reject) => answers.push({ resolve, reject }))
  }
  const names = (partitions: readonly TopicPartition[]) => partitions.map(({ partition }) => partition).join()
  const partitions = memberPartitions({
    assigned: (given) => answer(`assigned ${names(given)}`),
    revoked: (given, reason) => answer(`${reason} ${names(given)}`),
    lateMs: 30,
    async onLate() {
      state.late++
      partitions.lose()
    },
    changes,
    signal: ending.signal,
  })
  return { partitions, events, answers, state, pending, close }
}

test('what is handed over is owned until everything that was begun for it is over', async () => {
  const { partitions, events, answers, state } = told()
  await partitions.take(both)
  state.slow = true
  const handing = partitions.handOver(both.slice(0, 1), 'revoked')
  expect(partitions.all()).toEqual(both)
  answers[0]?.resolve()
  await handing
  expect(partitions.all()).toEqual(both.slice(1))
  expect(events).toEqual(['assigned 0,1', 'revoked 0'])
})

test('one that is lost is nobody’s at once', async () => {
  const { partitions, answers, state } = told()
  await partitions.take(both)
  state.slow = true
  const handing = partitions.handOver(both.slice(0, 1), 'lost')
  expect(partitions.all()).toEqual(both.slice(1))
  answers[0]?.resolve()
  await handing
})

test('a handover that takes too long is given up', async () => {
  const { partitions, events, answers, state } = told()
  await partitions.take(both)
  state.slow = true
  await partitions.handOver(both.slice(0, 1), 'revoked')
  expect(state.late).toBe(1)
  expect(partitions.all()).toEqual([])
  const over = partitions.toldOfLoss()
  await expect.poll(() => events).toEqual(['assigned 0,1', 'revoked 0', 'lost 0,1'])
  for (const { resolve } of answers) resolve()
  await over
  expect(partitions.isLost()).toBe(false)
})

test('who is still being told of an assignment hears of the loss afterwards', async () => {
  const { partitions, events, answers, state } = told()
  state.slow = true
  const taking = partitions.take(both)
  partitions.lose()
  expect(events).toEqual(['assigned 0,1'])
  answers[0]?.resolve()
  await taking
  await expect.poll(() => events.at(-1)).toBe('lost 0,1')
  answers[1]?.resolve()
  await partitions.toldOfLoss()
})

test('what whoever is told throws is thrown to whoever waits for it', async () => {
  const { partitions, answers, state } = told()
  await partitions.take(both)
  state.slow = true
  const handing = partitions.handOver(both, 'revoked')
  answers[0]?.reject(new Error('broke'))
  await expect(handing).rejects.toThrow('broke')
  partitions.lose()
  await expect(partitions.toldOfLoss()).rejects.toThrow('broke')
})

test('when everything is closed nobody waits', async () => {
  const { partitions, state, close } = told()
  await partitions.take(both)
  state.slow = true
  const handing = partitions.handOver(both, 'revoked')
  close()
  await handing
  await partitions.handOver(both, 'revoked')
  expect(state.late).toBe(0)
})
