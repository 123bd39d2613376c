import { expect, test } from 'vitest'
import type { StateAssignment, StateDescription } from './group-state.ts'
import { stateMember } from './state-member.ts'

const at = (partition: number) => ({ topic: 'orders', partition })
const NOTHING: StateAssignment = { owners: new Map(), standby: [] }
const following = (...partitions: number[]): StateAssignment => ({ ...NOTHING, standby: partitions.map(at) })

/** The state of a member that joins whenever it asks to, on a clock that the test moves. */
function member(description: Partial<StateDescription> = {}) {
  const timers = new Set<{ readonly ms: number; readonly f: () => void }>()
  const all = {
    told: [] as StateAssignment[],
    rejoins: 0,
    /** The pause before the rebalance that was asked for. */
    pause: () => [...timers].map(({ ms }) => ms),
    fire() {
      for (const timer of timers) {
        timers.delete(timer)
        timer.f()
      }
    },
  }
  const state = stateMember({
    state: {
      describe: () => ({ endpoint: 'here', held: new Map(), standbys: new Map([['orders', 1]]), ...description }),
      assigned: (assignment) => all.told.push(assignment),
    },
    rejoin: () => all.rejoins++,
    later(f, ms) {
      const timer = { f, ms }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
  })
  const join = (assignment: StateAssignment | undefined, ...partitions: number[]) => {
    state.describe()
    state.assigned(partitions.map(at), assignment)
  }
  return { ...all, counts: all, state, join }
}

test('calls within the pause are one rebalance', () => {
  const { state, counts, fire, pause } = member()
  for (let i = 0; i < 1000; i++) state.ask()
  expect(counts.rejoins).toBe(0)
  expect(pause()).toEqual([1000])
  fire()
  expect(counts.rejoins).toBe(1)
  expect(state.describe()?.rejoins).toBe(1)
})

test('the pause doubles up to five minutes while the answer is the same, and is short again after a change', () => {
  const { state, fire, pause, join } = member()
  join(following(1), 0)
  const pauses: number[] = []
  for (let i = 0; i < 11; i++) {
    state.ask()
    pauses.push(...pause())
    fire()
    join(following(1), 0)
  }
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((s) => s * 1000))
  join(NOTHING, 0, 1)
  state.ask()
  expect(pause()).toEqual([1000])
})

test('rebalances that others ask for leave the pause as it is', () => {
  const { state, pause, join } = member()
  for (let i = 0; i < 5; i++) join(following(1), 0)
  state.ask()
  expect(pause()).toEqual([1000])
})

test('a join answers what was asked before it, and what is asked during it is asked again', () => {
  const { state, counts, fire, pause, join } = member()
  state.ask()
  join(following(1), 0)
  expect(pause()).toEqual([])
  state.describe()
  state.ask()
  fire()
  expect(counts.rejoins).toBe(1)
  state.assigned([at(0)], following(1))
  expect(counts.rejoins).toBe(2)
})

test('a leader without knowledge of state: the member owns what it was assigned, and follows nothing', () => {
  const { told, join } = member()
  join(undefined, 0, 2)
  const own = { here: true, endpoint: 'here', standbys: [] }
  expect(told).toEqual([{ owners: new Map(['orders/0', 'orders/2'].map((key) => [key, own])), standby: [] }])
})

test('partitions without state beside them are not followed', () => {
  const { told, join } = member()
  join({ owners: new Map(), standby: [at(0), { topic: 'customers', partition: 1 }] })
  expect(told.at(-1)?.standby).toEqual([at(0)])
})

test('a member that is lost knows no owner, and goes on following', () => {
  const { told, state, join } = member()
  state.lost()
  expect(told).toEqual([])
  join({ owners: new Map([['orders/0', { here: true, endpoint: 'here', standbys: [] }]]), standby: [at(1)] }, 0)
  state.lost()
  expect(told.at(-1)).toEqual(following(1))
})

test('a member that comes back to an assignment with its endpoint of before asks for another', () => {
  const owners = (endpoint: string): StateAssignment => ({
    owners: new Map([['orders/0', { here: true, endpoint, standbys: [] }]]),
    standby: [],
  })
  const { pause, join } = member()
  join(owners('here'), 0)
  expect(pause()).toEqual([])
  join(owners('there'), 0)
  expect(pause()).toEqual([1000])
})

test('nothing is asked for after the end, and nothing without state', () => {
  const { state, pause } = member()
  state.ask()
  state.stop()
  expect(pause()).toEqual([])
  let rejoins = 0
  const without = stateMember({
    state: undefined,
    rejoin: () => rejoins++,
    later(f) {
      f()
      return () => {}
    },
  })
  without.ask()
  without.assigned([at(0)], undefined)
  expect([without.describe(), rejoins]).toEqual([undefined, 0])
})
