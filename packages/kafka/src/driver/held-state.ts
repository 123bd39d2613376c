import type { Unit } from './copartitioned.ts'
import type { StateDescription } from './group-state.ts'
import type { Subscriber } from './subscriber.ts'
import { partitionKey } from './topic-partition.ts'
import type { TopicPartition } from './topic-partition.ts'

/** How many records a copy may be behind that of the owner and still take over: Kafka Streams' `acceptable.recovery.lag`. */
export const ACCEPTABLE_LAG = 10_000

/** The copies of the state of a group, and how much of each unit's state they have. Members are named by their ids. */
export interface HeldState {
  /** Whether no member keeps state. */
  readonly isEmpty: boolean
  /** Whether the member keeps state beside a topic of the unit, and so can follow it. */
  keeps(id: string, unit: Unit): boolean
  /** The partitions of the unit beside which members keep state. */
  partitions(unit: Unit): readonly TopicPartition[]
  /** The partitions of the unit beside which this member keeps state. */
  kept(id: string, unit: Unit): readonly TopicPartition[]
  /** The size of a copy, in records. */
  size(id: string, unit: Unit): number
  /** The members, of these, whose copies are as good as the best; all of them if none has a copy. */
  best<T extends { readonly id: string }>(unit: Unit, members: readonly T[]): readonly T[]
  /**
   * The cost of a move. At most 0: the copy of `to` is as good as that of `from`, the less the better. Otherwise the share of
   * the state that `to` has to read, at most 1.
   */
  cost(unit: Unit, from: string, to: string): number
  /** How many members besides the owner are to follow the unit. */
  standbys(unit: Unit): number
}

/**
 * Compares what members describe. Offsets that are no counts (negative, not finite) count as 0. An offset that is too large
 * costs nothing but a restore: its member is given what it has not.
 */
export function heldState(members: readonly Subscriber[]): HeldState {
  const states = new Map<string, StateDescription>()
  for (const { id, state } of members) if (state !== undefined) states.set(id, state)
  /** Sizes that were worked out, by member. */
  const sizes = new Map([...states.keys()].map((id) => [id, new Map<Unit, number>()]))
  /** By topic. */
  const wanted = new Map<string, number>()
  for (const { standbys } of states.values())
    for (const [topic, count] of standbys) wanted.set(topic, Math.max(wanted.get(topic) ?? 0, count))

  function kept(id: string, { partitions }: Unit): readonly TopicPartition[] {
    const { standbys } = states.get(id) ?? {}
    return standbys === undefined ? [] : partitions.filter(({ topic }) => standbys.has(topic))
  }

  function size(id: string, unit: Unit): number {
    const known = sizes.get(id)
    if (known === undefined) return 0
    let sum = known.get(unit)
    if (sum === undefined) {
      sum = unit.partitions.reduce((all, at) => all + count(states.get(id)?.held.get(partitionKey(at))), 0)
      known.set(unit, sum)
    }
    return sum
  }

  function isCaughtUp(id: string, unit: Unit): boolean {
    const { caughtUp } = states.get(id) ?? {}
    const beside = caughtUp === undefined ? [] : kept(id, unit)
    return beside.length > 0 && beside.every((at) => caughtUp?.has(partitionKey(at)))
  }

  return {
    isEmpty: states.size === 0,
    partitions: ({ partitions }) => partitions.filter(({ topic }) => wanted.has(topic)),
    keeps: (id, unit) => kept(id, unit).length > 0,
    kept,
    size,
    best(unit, all) {
      if (states.size === 0) return all
      const most = Math.max(...all.map(({ id }) => size(id, unit)))
      const best = all.filter(({ id }) => {
        const held = size(id, unit)
        return isCaughtUp(id, unit) || (held > 0 && most - held <= ACCEPTABLE_LAG)
      })
      return best.length > 0 ? best : all
    },
    cost(unit, from, to) {
      const held = size(from, unit)
      const lag = held - size(to, unit)
      if (lag > ACCEPTABLE_LAG && !isCaughtUp(to, unit)) return lag / held
      return Math.min(lag, ACCEPTABLE_LAG) - ACCEPTABLE_LAG
    },
    standbys: ({ topics }) => Math.max(0, ...topics.map((topic) => wanted.get(topic) ?? 0)),
  }
}

function count(offset: number | undefined): number {
  return offset !== undefined && offset > 0 && offset < Infinity ? offset : 0
}
