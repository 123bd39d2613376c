import type { GroupDescription, TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'
import { assignPartitions } from '../driver/assign-partitions.ts'
import { partitionKey } from '../driver/topic-partition.ts'

/** The calls of the group to a member. They must not throw or reject. */
interface MemberListener {
  /** The member owns these partitions until `revoked` or `lost`. */
  assigned(partitions: readonly TopicPartition[]): void
  /** Asks the member to give up all its partitions. Settles when it is done with them. */
  revoked(): Promise<void>
  /** The member took too long to give up its partitions, and was removed from the group. */
  lost(): void
}

export interface Membership {
  /** Commits offsets of partitions that the member owns; the others are left out. */
  commit(offsets: readonly TopicPartitionOffset[]): void
  /** Gives up all partitions at once, without a call of `revoked`. */
  leave(): void
}

interface MemberSettings {
  readonly clientId: string
  readonly groupInstanceId: string | undefined
  readonly topics: ReadonlySet<string>
  readonly copartitioned: readonly (readonly string[])[]
  readonly rebalanceTimeoutMs: number
}

export interface MemoryGroup {
  join(settings: MemberSettings, listener: MemberListener): Membership
  committed(topic: string, partition: number): number | undefined
  forget(topic: string): void
  /** The state and the members, for admins; undefined until a member has joined, or an offset was committed. */
  describe(): Pick<GroupDescription, 'state' | 'members'> | undefined
  /** Sets offsets, for a group without members. */
  reset(offsets: readonly TopicPartitionOffset[]): void
  /** Deletes the group, which has no members. */
  clear(): void
}

interface Member extends MemberSettings, MemberListener {
  readonly id: string
  owned: ReadonlyMap<string, TopicPartition>
  /** Ends the wait for `revoked` because the member left. */
  left(): void
}

/**
 * A consumer group with eager rebalances, as in Kafka's classic protocol: when a member joins or leaves, all members give up
 * their partitions. Partitions are assigned again when the last member has done so, or its time is over.
 */
export function memoryGroup(
  partitionsOf: (topic: string) => number,
  setTimeout: (f: () => void, ms: number) => () => void,
): MemoryGroup {
  const members = new Map<string, Member>()
  const offsets = new Map<string, Map<number, number>>()
  let joined = 0
  /** Whether a member has joined, or an offset was committed. */
  let exists = false
  let state: 'Stable' | 'PreparingRebalance' = 'Stable'
  /** Whether a member joined or left since partitions were assigned. */
  let changed = false

  async function rebalance(): Promise<void> {
    changed = true
    if (state === 'PreparingRebalance') return
    state = 'PreparingRebalance'
    while (changed) {
      changed = false
      await Promise.all([...members.values()].map(takeBack))
      // `members` includes those that joined meanwhile: one round covers them.
      changed = false
      const subscribers = [...members.values()].map(({ id, topics, copartitioned }) => ({ id, topics, copartitioned }))
      for (const [id, partitions] of assignPartitions(subscribers, partitionsOf)) {
        const member = members.get(id)
        if (!member) continue
        member.owned = new Map(partitions.map((at) => [partitionKey(at), at]))
        member.assigned(partitions)
      }
    }
    state = 'Stable'
  }

  async function takeBack(member: Member): Promise<void> {
    if (member.owned.size === 0) return
    let late = false
    let cancel = () => {}
    const time = new Promise<void>((resolve) => {
      cancel = setTimeout(() => {
        late = true
        resolve()
      }, member.rebalanceTimeoutMs)
    })
    const left = new Promise<void>((resolve) => {
      member.left = resolve
    })
    await Promise.race([member.revoked(), time, left])
    cancel()
    member.owned = NOTHING
    if (late && members.delete(member.id)) member.lost()
  }

  function keep({ topic, partition, offset }: TopicPartitionOffset): void {
    let ofTopic = offsets.get(topic)
    if (!ofTopic) offsets.set(topic, (ofTopic = new Map()))
    ofTopic.set(partition, offset)
  }

  return {
    join(settings, listener) {
      const id = `${settings.clientId}-${String(joined++).padStart(12, '0')}`
      const member: Member = { ...settings, ...listener, id, owned: NOTHING, left() {} }
      exists = true
      members.set(id, member)
      void rebalance()
      return {
        commit(commits) {
          if (!members.has(id)) return
          for (const at of commits) if (member.owned.has(partitionKey(at))) keep(at)
        },
        leave() {
          if (!members.delete(id)) return
          member.owned = NOTHING
          member.left()
          void rebalance()
        },
      }
    },
    committed: (topic, partition) => offsets.get(topic)?.get(partition),
    forget(topic) {
      offsets.delete(topic)
    },
    describe() {
      if (!exists) return undefined
      return {
        state: members.size === 0 ? 'Empty' : state,
        members: [...members.values()].map(({ id, clientId, groupInstanceId, owned }) => ({
          memberId: id,
          groupInstanceId,
          clientId,
          host: '127.0.0.1',
          partitions: [...owned.values()],
        })),
      }
    },
    reset(commits) {
      exists = true
      for (const at of commits) keep(at)
    },
    clear() {
      exists = false
      offsets.clear()
    },
  }
}

const NOTHING: ReadonlyMap<string, TopicPartition> = new Map()
