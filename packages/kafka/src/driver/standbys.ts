import type { Shares, UnitShare } from './assign-partitions.ts'
import type { Unit } from './copartitioned.ts'
import type { StateAssignment, StateOwner } from './group-state.ts'
import type { HeldState } from './held-state.ts'
import { covers } from './subscriber.ts'
import type { Subscriber } from './subscriber.ts'
import { partitionKey } from './topic-partition.ts'
import type { TopicPartition } from './topic-partition.ts'

/**
 * What each member with state learns: the owners of all partitions with state, and the partitions that it follows. A member
 * follows the units that it is to get until it has them. Besides, as many others follow a unit as members want standbys of it.
 *
 * @param given the partitions that each member may have now; the rest of its share is still with the owners before
 */
export function assignState(
  members: readonly Subscriber[],
  shares: readonly UnitShare[],
  state: HeldState,
  given: Shares,
): ReadonlyMap<string, StateAssignment> {
  const followers = followersOf(members, shares)
  const endpoints = new Map(members.map(({ id, state: of }) => [id, of?.endpoint ?? '']))
  const follow = (follower: Follower | undefined, unit: Unit) => {
    if (follower === undefined) return
    follower.standby.push(...state.kept(follower.id, unit))
    follower.load += unit.partitions.length
  }
  for (const { id, warmUps } of shares) for (const unit of warmUps) follow(followers.get(id), unit)

  const owners = new Map<string, { readonly id: string; readonly standbys: readonly string[] }>()
  for (const { id, units } of shares) {
    const now = new Set(given.get(id)?.map(partitionKey))
    for (const unit of units) {
      const partitions = state.partitions(unit)
      if (partitions.length === 0) continue
      const standbys = chooseStandbys(unit, id, followers, state)
      for (const standby of standbys) follow(standby, unit)
      if (partitions.every((at) => now.has(partitionKey(at)))) {
        const ids = standbys.map((one) => one.id)
        for (const at of partitions) owners.set(partitionKey(at), { id, standbys: ids })
      } else follow(followers.get(id), unit)
    }
  }

  const endpointOf = (id: string) => endpoints.get(id) ?? ''
  const ownersFor = (member: string) =>
    new Map(
      [...owners].map(([key, { id, standbys }]): [string, StateOwner] => [
        key,
        { here: id === member, endpoint: endpointOf(id), standbys: standbys.map(endpointOf) },
      ]),
    )
  return new Map([...followers.values()].map(({ id, standby }) => [id, { owners: ownersFor(id), standby }]))
}

/** A member with state, while it is worked out what it follows. */
interface Follower extends Pick<Subscriber, 'id' | 'topics'> {
  readonly rack: string | undefined
  readonly warmUps: ReadonlySet<Unit>
  readonly standby: TopicPartition[]
  /** The number of partitions that it owns and follows. */
  load: number
}

function followersOf(members: readonly Subscriber[], shares: readonly UnitShare[]): ReadonlyMap<string, Follower> {
  const states = new Map(members.map(({ id, state }) => [id, state]))
  const followers = new Map<string, Follower>()
  for (const { id, topics, units, warmUps } of shares) {
    const state = states.get(id)
    if (state === undefined) continue
    const load = units.reduce((sum, { partitions }) => sum + partitions.length, 0)
    followers.set(id, { id, topics, rack: state.rack, warmUps: new Set(warmUps), standby: [], load })
  }
  return followers
}

/**
 * The standbys of a unit. Members with a good copy come first, then those with the largest, then those in a rack where the unit
 * is not yet, then those with the least load.
 */
function chooseStandbys(
  unit: Unit,
  owner: string,
  followers: ReadonlyMap<string, Follower>,
  state: HeldState,
): readonly Follower[] {
  const able = [...followers.values()].filter(
    (one) => one.id !== owner && !one.warmUps.has(unit) && covers(one, unit.topics) && state.keeps(one.id, unit),
  )
  const good = new Set(state.best(unit, [{ id: owner }, ...able]).map(({ id }) => id))
  const racks = new Set([followers.get(owner)?.rack])
  const chosen: Follower[] = []
  while (chosen.length < state.standbys(unit) && able.length > 0) {
    const rank = ({ id, rack, load }: Follower): readonly number[] => [
      good.has(id) ? 0 : 1,
      good.has(id) ? 0 : -state.size(id, unit),
      racks.has(rack) ? 1 : 0,
      load,
    ]
    const next = able.reduce((best, one) => (isBefore(rank(one), rank(best)) ? one : best))
    able.splice(able.indexOf(next), 1)
    racks.add(next.rack)
    chosen.push(next)
  }
  return chosen
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i])
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0)
}
