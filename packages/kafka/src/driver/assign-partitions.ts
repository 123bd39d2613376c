import { unitsOf } from './copartitioned.ts'
import type { Unit } from './copartitioned.ts'
import type { TopicPartition } from './driver.ts'
import { heldState } from './held-state.ts'
import type { HeldState } from './held-state.ts'
import { covers } from './subscriber.ts'
import type { Subscriber } from './subscriber.ts'
import { partitionKey } from './topic-partition.ts'

/** The partitions of each member, by the id of the member. */
export type Shares = ReadonlyMap<string, readonly TopicPartition[]>

/** The units of a member. */
export interface UnitShare extends Pick<Subscriber, 'id' | 'topics'> {
  readonly units: readonly Unit[]
  /** The units that it is to get once it has caught up with their owners. */
  readonly warmUps: readonly Unit[]
}

/** The partitions of all members. See `assignUnits`. */
export function assignPartitions(members: readonly Subscriber[], partitionsOf: (topic: string) => number): Shares {
  return partitionsOfShares(assignUnits(members, partitionsOf, heldState(members)))
}

export function partitionsOfShares(shares: readonly UnitShare[]): Shares {
  return new Map(shares.map(({ id, units }) => [id, units.flatMap(({ partitions }) => partitions)]))
}

/**
 * Assigns partitions to the members of a group: each goes to the member with the fewest so far that subscribed to its topic.
 * Partitions of co-partitioned topics go together. Members keep what they own, unless a move makes the shares of two of them
 * more equal. The same members and topics always give the same answer.
 *
 * With state, a unit without an owner goes to a member with one of the best copies. A unit moves only to a member whose copy is
 * as good as the owner's. If a move has to wait for that, the member is to follow the unit (`warmUps`). A member without state
 * in a group with state never catches up, and so is not waited for. Moves that wait do not count for the others: each move
 * makes two shares more equal as they are now, so that no later rebalance takes it back.
 */
export function assignUnits(
  members: readonly Subscriber[],
  partitionsOf: (topic: string) => number,
  state: HeldState,
): readonly UnitShare[] {
  const shares = members
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, topics }): Share => ({ id, topics, units: [], warmUps: [], size: 0 }))
  const owners = ownersOf(members)
  /** The member whose copy of a unit the others have to reach. */
  const keepers = new Map<Unit, string>()
  const keep = (share: Share, unit: Unit) => {
    keepers.set(unit, share.id)
    put(share, unit)
  }

  const free: Unit[] = []
  for (const unit of unitsFor(members, partitionsOf)) {
    const owner = unit.partitions.map((at) => owners.get(partitionKey(at))?.id).find((id) => id !== undefined)
    const share = shares.find(({ id, topics }) => id === owner && covers({ topics }, unit.topics))
    if (share) keep(share, unit)
    else free.push(unit)
  }
  for (const unit of free) {
    const able = state.isEmpty ? shares : shares.filter((share) => covers(share, unit.topics))
    const least = leastFor(unit, state.best(unit, able))
    if (least) keep(least, unit)
  }

  if (state.isEmpty) {
    balance(shares, () => true)
    return shares
  }

  const cost = (unit: Unit, to: Share) => state.cost(unit, keepers.get(unit) ?? to.id, to.id)
  const isReady = (unit: Unit, to: Share) => cost(unit, to) <= 0 || !state.keeps(to.id, unit)
  balance(shares, isReady, cost)
  // The moves that have to wait are found on copies of the shares.
  const ideal = shares.map((share) => ({ ...share, units: [...share.units] }))
  balance(ideal, () => true, cost)
  ideal.forEach(({ units }, i) => {
    const share = shares[i] as Share
    share.warmUps = units.filter((unit) => !share.units.includes(unit))
  })
  return shares
}

/** The share of a member, while it is being worked out. */
interface Share extends UnitShare {
  readonly units: Unit[]
  warmUps: readonly Unit[]
  /** In partitions. */
  size: number
}

function put(share: Share, unit: Unit): void {
  share.units.push(unit)
  share.size += unit.partitions.length
}

/** The smallest share, of those that are allowed to have the unit. */
function leastFor(
  unit: Unit,
  shares: readonly Share[],
  isAllowed: (share: Share) => boolean = () => true,
): Share | undefined {
  let least: Share | undefined
  for (const share of shares)
    if ((!least || share.size < least.size) && covers(share, unit.topics) && isAllowed(share)) least = share
  return least
}

/**
 * Moves units from larger shares to smaller ones, as long as a move makes the two more equal.
 *
 * @param cost the units of a share that cost least move first; undefined: all cost the same
 */
function balance(
  shares: readonly Share[],
  isAllowed: (unit: Unit, to: Share) => boolean,
  cost?: (unit: Unit, to: Share) => number,
): void {
  function bestMove(from: Share): Move | undefined {
    let best: Move | undefined
    for (let i = from.units.length - 1; i >= 0; i--) {
      const unit = from.units[i] as Unit
      const room = from.size - unit.partitions.length
      const to = leastFor(unit, shares, (one) => one.size < room && isAllowed(unit, one))
      if (to === undefined) continue
      if (cost === undefined) return { i, to, cost: 0 }
      const price = cost(unit, to)
      if (best === undefined || price < best.cost) best = { i, to, cost: price }
    }
    return best
  }

  function moveOne(): boolean {
    for (const share of shares.toSorted((a, b) => b.size - a.size)) {
      const move = bestMove(share)
      if (move === undefined) continue
      const [unit] = share.units.splice(move.i, 1) as [Unit]
      share.size -= unit.partitions.length
      put(move.to, unit)
      return true
    }
    return false
  }
  while (moveOne()) continue
}

/** The unit `i` of a share goes to another. */
interface Move {
  readonly i: number
  readonly to: Share
  readonly cost: number
}

function unitsFor(members: readonly Subscriber[], partitionsOf: (topic: string) => number): Unit[] {
  const topics = new Set(members.flatMap((member) => [...member.topics]))
  const sets = members.flatMap(({ copartitioned = [] }) => copartitioned)
  return unitsOf(topics, sets, partitionsOf, (set) => members.some((member) => covers(member, set)))
}

/**
 * Limits shares to the partitions that members may have now; `more`: the member gets the rest once others have given it up. A
 * partition is assigned to another member only when its owner has handed it over, and the other partitions of its unit wait
 * for it.
 */
export function withholdOwned(
  members: readonly Subscriber[],
  shares: Shares,
  partitionsOf: (topic: string) => number,
): Map<string, { readonly partitions: readonly TopicPartition[]; readonly more: boolean }> {
  const owners = ownersOf(members)
  const units = new Map<string, Unit>()
  for (const unit of unitsFor(members, partitionsOf))
    for (const at of unit.partitions) units.set(partitionKey(at), unit)
  return new Map(
    [...shares].map(([id, share]) => {
      const isFree = (at: TopicPartition) => (owners.get(partitionKey(at))?.id ?? id) === id
      const partitions = share.filter((at) => (units.get(partitionKey(at))?.partitions ?? [at]).every(isFree))
      return [id, { partitions, more: partitions.length < share.length }]
    }),
  )
}

/** The owner of each partition. Of two that claim it in the same generation, neither is believed. */
function ownersOf(members: readonly Subscriber[]): ReadonlyMap<string, Subscriber> {
  const owners = new Map<string, Subscriber | undefined>()
  const since = new Map<string, number>()
  for (const member of members)
    for (const at of member.owned ?? []) {
      const key = partitionKey(at)
      const { generationId = -1 } = member
      const before = since.get(key) ?? -Infinity
      if (generationId < before) continue
      owners.set(key, generationId === before ? undefined : member)
      since.set(key, generationId)
    }
  const known = new Map<string, Subscriber>()
  for (const [key, owner] of owners) if (owner) known.set(key, owner)
  return known
}
