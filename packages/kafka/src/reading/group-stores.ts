import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { sameSettings } from '../conf/resolve-settings.ts'
import { usage } from '../conf/usage.ts'
import type { GroupState, StateOwner } from '../driver/driver.ts'

/** A store whose parts follow the partitions of topics that a group reads. */
export interface GroupStore {
  readonly store: string
  readonly groupId: string
  /** Of the topics. */
  readonly settings: ResolvedSettings
  /** The topics that feed it: partition n of each goes with part n. */
  readonly topics: readonly string[]
  /** How many other members keep a copy of each part. */
  readonly standbys: number
  /** The address at which this process answers queries. */
  readonly endpoint: string | undefined
  /** By partition, the changelog offset on disk. */
  held(): ReadonlyMap<number, number>
  /** Called after each assignment with the partitions to follow without owning them. */
  standby(partitions: readonly number[]): void
}

/** A store in its group. */
export interface StoreMember extends GroupStore {
  /** The owner of a part; undefined while none is known. */
  owner(partition: number): StateOwner | undefined
  /** A part that is followed has caught up. */
  warm(partition: number): void
  /** Takes the store out of its group. */
  remove(): void
}

/** A member, and what its consumer tells it. */
interface Joined extends StoreMember {
  owners: ReadonlyMap<string, StateOwner>
  followed: ReadonlySet<number>
  readonly caughtUp: Set<number>
  rejoin(): void
}

const SCOPE_KEY = '~snapstream.kafka.stores'

function storesOf(scope: Map<unknown, unknown>): Set<Joined> {
  const known = scope.get(SCOPE_KEY) as Set<Joined> | undefined
  if (known !== undefined) return known
  const made = new Set<Joined>()
  scope.set(SCOPE_KEY, made)
  return made
}

/**
 * Adds a store to its group, before the topics are read. Throws `USAGE` if another store of the group has another endpoint.
 *
 * @param scope the map of the run
 */
export function addStore(scope: Map<unknown, unknown>, store: GroupStore): StoreMember {
  const stores = storesOf(scope)
  for (const other of stores) if (other.groupId === store.groupId) expectOneEndpoint(other, store)
  const joined: Joined = {
    ...store,
    owners: new Map(),
    followed: new Set(),
    caughtUp: new Set(),
    rejoin() {},
    owner: (partition) => joined.owners.get(keyOf(store.topics[0], partition)),
    warm(partition) {
      if (!joined.followed.has(partition)) return
      joined.caughtUp.add(partition)
      joined.rejoin()
    },
    remove: () => void stores.delete(joined),
  }
  stores.add(joined)
  return joined
}

/** Topics that a group reads partition by partition, without a store. */
export interface CopartitionedTopics {
  readonly groupId: string
  /** Of the topics. */
  readonly settings: ResolvedSettings
  readonly topics: readonly string[]
}

const SETS_KEY = '~snapstream.kafka.copartitioned'

function setsOf(scope: Map<unknown, unknown>): Set<CopartitionedTopics> {
  const known = scope.get(SETS_KEY) as Set<CopartitionedTopics> | undefined
  if (known !== undefined) return known
  const made = new Set<CopartitionedTopics>()
  scope.set(SETS_KEY, made)
  return made
}

/** Has a group assign partition n of these topics to one member. Call it before the topics are read. Returns the end of that. */
export function addCopartitioned(scope: Map<unknown, unknown>, set: CopartitionedTopics): () => void {
  const sets = setsOf(scope)
  sets.add(set)
  return () => void sets.delete(set)
}

/** The stores beside the partitions of one consumer. */
export interface ConsumerStores {
  /** The sets of topics that share a store or are read together, and so go to one member. */
  readonly copartitioned: readonly (readonly string[])[]
  /** Undefined without a store. */
  readonly state: GroupState | undefined
  /** Connects the stores to the consumer, which asks the group for a new assignment. */
  connect(rejoin: () => void): void
}

/** The stores and sets of topics that were added for a group and settings. Call it once all stores of the run are open. */
export function consumerStores(
  scope: Map<unknown, unknown>,
  groupId: string | null,
  settings: ResolvedSettings,
): ConsumerStores {
  const isOfConsumer = (one: CopartitionedTopics) =>
    one.groupId === groupId && sameSettings(one.settings, settings, 'consumer')
  const stores = [...storesOf(scope)].filter(isOfConsumer)
  const sets = [...stores, ...[...setsOf(scope)].filter(isOfConsumer)]
  return {
    copartitioned: sets.map(({ topics }) => topics).filter(({ length }) => length > 1),
    state: stores.length === 0 ? undefined : groupState(stores, settings.consumer.rackId),
    connect(rejoin) {
      for (const store of stores) store.rejoin = rejoin
    },
  }
}

function groupState(stores: readonly Joined[], rack: string | undefined): GroupState {
  return {
    describe() {
      const held = new Map<string, number>()
      const standbys = new Map<string, number>()
      for (const { topics, standbys: wanted, held: offsets } of stores) {
        for (const topic of topics) standbys.set(topic, Math.max(standbys.get(topic) ?? 0, wanted))
        // The leader adds up the partitions that go together, so one of them stands for the part.
        for (const [partition, offset] of offsets()) {
          const key = keyOf(topics[0], partition)
          held.set(key, (held.get(key) ?? 0) + offset)
        }
      }
      const endpoint = stores.find((store) => store.endpoint !== undefined)?.endpoint ?? ''
      return { endpoint, held, standbys, caughtUp: caughtUpOf(stores), ...(rack !== undefined && { rack }) }
    },
    assigned({ owners, standby }) {
      for (const store of stores) {
        const partitions = standby.filter(({ topic }) => store.topics.includes(topic)).map(({ partition }) => partition)
        store.owners = owners
        store.followed = new Set(partitions)
        for (const partition of store.caughtUp) if (!store.followed.has(partition)) store.caughtUp.delete(partition)
        store.standby([...store.followed].toSorted((a, b) => a - b))
      }
    },
  }
}

/** The partitions whose state is caught up with: that of all stores beside them. */
function caughtUpOf(stores: readonly Joined[]): ReadonlySet<string> {
  const caughtUp = new Set<string>()
  const behind = new Set<string>()
  for (const store of stores)
    for (const partition of store.followed)
      for (const topic of store.topics) (store.caughtUp.has(partition) ? caughtUp : behind).add(keyOf(topic, partition))
  for (const key of behind) caughtUp.delete(key)
  return caughtUp
}

const keyOf = (topic: string | undefined, partition: number) => `${topic}/${partition}`

function expectOneEndpoint(one: GroupStore, other: GroupStore): void {
  if (one.endpoint === undefined || other.endpoint === undefined || one.endpoint === other.endpoint) return
  throw usage(
    `the stores ${JSON.stringify(one.store)} and ${JSON.stringify(other.store)} have the endpoints ${JSON.stringify(one.endpoint)} ` +
      `and ${JSON.stringify(other.endpoint)}: the group learns one for each process; give both the same`,
  )
}
