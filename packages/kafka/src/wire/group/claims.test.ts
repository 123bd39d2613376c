import { expect, test } from 'vitest'
import type { TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import { claims } from './claims.ts'

const at = (partition: number): TopicPartition => ({ topic: 't', partition })
const names = (partitions: readonly TopicPartition[]) => partitions.map(({ partition }) => partition).join()
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Claims whose look-ups and listener the test controls. */
function claiming() {
  const events: string[] = []
  const errors: unknown[] = []
  /** Ends the look-ups, in order: each waits for its own call. */
  const lookUps: ((error?: Error) => void)[] = []
  const state = { listener: async (_what: string): Promise<void> => {} }
  const tell = async (what: string) => {
    events.push(what)
    await state.listener(what)
  }
  const claimed = claims({
    ownership: {
      async takeOver(wanted) {
        events.push(`take over ${names(wanted())}`)
        await new Promise<void>((resolve, reject) => lookUps.push((error) => (error ? reject(error) : resolve())))
        const left = wanted()
        return left.length === 0 ? undefined : left.map((one): TopicPartitionOffset => ({ ...one, offset: 5 }))
      },
      release: async (partitions, limitMs) => void events.push(`release ${names(partitions)} within ${limitMs}`),
    },
    listener: {
      assigned: (partitions, committed) =>
        tell(`assigned ${names(partitions)} from ${committed.map(({ offset }) => offset).join()}`),
      revoked: (partitions, reason) => tell(`${reason} ${names(partitions)}`),
    },
    fail: (error) => errors.push(error),
  })
  const lookUp = async (error?: Error) => {
    lookUps.shift()?.(error)
    await turn()
  }
  return { claimed, events, errors, state, lookUp }
}

test('the listener learns of an assignment when it is taken over, and the membership does not wait', async () => {
  const { claimed, events, lookUp } = claiming()
  await claimed.assigned([at(0), at(1)])
  expect(events).toEqual(['take over 0,1'])
  await lookUp()
  expect(events.slice(1)).toEqual(['assigned 0,1 from 5,5'])
})

test('an empty assignment is told at once', async () => {
  const { claimed, events } = claiming()
  await claimed.assigned([])
  await turn()
  expect(events).toEqual(['assigned  from '])
})

test('partitions that are revoked while they are taken over are not told, and the others are', async () => {
  for (const reason of ['revoked', 'lost'] as const) {
    const { claimed, events, lookUp } = claiming()
    await claimed.assigned([at(0), at(1)])
    await claimed.revoked([at(0)], reason)
    await lookUp()
    expect(events).toEqual(['take over 0,1', 'assigned 1 from 5'])
    await claimed.assigned([at(2)])
    await claimed.revoked([at(2)], reason)
    await lookUp()
    expect(events.slice(2)).toEqual(['take over 2'])
  }
})

test('a partition that is assigned again while it is taken over is told once, for the later assignment', async () => {
  const { claimed, events, lookUp } = claiming()
  await claimed.assigned([at(0)])
  await claimed.revoked([at(0)], 'lost')
  await claimed.assigned([at(0)])
  await lookUp()
  expect(events).toEqual(['take over 0', 'take over 0'])
  await lookUp()
  expect(events.slice(2)).toEqual(['assigned 0 from 5'])
})

test('a later assignment that is ready first does not wait for an earlier one, and calls do not overlap', async () => {
  const { claimed, events, state, lookUp } = claiming()
  let open = () => {}
  const slow = new Promise<void>((resolve) => (open = resolve))
  await claimed.assigned([at(0)])
  await claimed.assigned([at(1)])
  state.listener = () => slow
  await lookUp()
  await lookUp()
  expect(events.slice(2)).toEqual(['assigned 0 from 5'])
  open()
  await turn()
  expect(events.slice(2)).toEqual(['assigned 0 from 5', 'assigned 1 from 5'])
})

test('a partition that is given up in order is released once the listener is done; one that is lost is not', async () => {
  const { claimed, events, state, lookUp } = claiming()
  await claimed.assigned([at(0), at(1), at(2)])
  await lookUp()
  let open = () => {}
  state.listener = () => new Promise<void>((resolve) => (open = resolve))
  const revoked = claimed.revoked([at(0)], 'revoked')
  await turn()
  expect(events.slice(2)).toEqual(['revoked 0'])
  open()
  await revoked
  expect(events.slice(3)).toEqual(['release 0 within 2000'])
  state.listener = async () => {}
  await claimed.revoked([at(1)], 'lost')
  expect(events.slice(4)).toEqual(['lost 1'])
  // When the member leaves, it gives up the partition that is left.
  await claimed.release()
  expect(events.slice(5)).toEqual(['release 2 within 500'])
})

test('a partition is revoked after the call of assigned in progress', async () => {
  const { claimed, events, state, lookUp } = claiming()
  let open = () => {}
  state.listener = () => new Promise<void>((resolve) => (open = resolve))
  await claimed.assigned([at(0)])
  await lookUp()
  const lost = claimed.revoked([at(0)], 'lost')
  await turn()
  expect(events.slice(1)).toEqual(['assigned 0 from 5'])
  open()
  await turn()
  expect(events.slice(2)).toEqual(['lost 0'])
  open()
  await lost
})

test('an error of the look-up or of the listener ends the consumer', async () => {
  const { claimed, errors, state, lookUp } = claiming()
  await claimed.assigned([at(0)])
  await lookUp(new Error('no look-up'))
  state.listener = () => Promise.reject(new Error('no listener'))
  await claimed.assigned([at(1)])
  await lookUp()
  expect(errors).toEqual([new Error('no look-up'), new Error('no listener')])
  // The calls that follow do not fail for it.
  state.listener = async () => {}
  await claimed.revoked([at(1)], 'lost')
})
