import type { GroupDescription, TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'
import { assignPartitions } from '../driver/assign-partitions.ts'
import { partitionKey } from '../driver/partition-key.ts'

/** What the group asks of a member. None of it throws or rejects. */
interface MemberCallbacks {
  /** These partitions are the member's, until it is told otherwise. */
  assign(partitions: readonly TopicPartition[]): void
  /** Settles when the member is done with all its partitions. */
  revoke(): Promise<void>
  /** It took too long, and is not a member any more. */
  lose(): void
}

export interface Membership {
  /** Takes offsets of partitions that are the member's; leaves the others out. */
  commit(offsets: readonly TopicPartitionOffset[]): void
  /** Gives up everything at once, without a call of `revoke`. */
  leave(): void
}

/** Who joins. */
interface MemberSettings {
  readonly clientId: string
  readonly groupInstanceId: string | undefined
  readonly topics: ReadonlySet<string>
  readonly copartitioned: readonly (readonly string[])[]
  readonly rebalanceTimeoutMs: number
}

export interface MemoryGroup {
  join(settings: MemberSettings, callbacks: MemberCallbacks): Membership
  committed(topic: string, partition: number): number | undefined
  forget(topic: string): void
  /** For admins; undefined while nobody has joined or committed. */
  describe(): Pick<GroupDescription, 'state' | 'members'> | undefined
  /** Takes offsets from outside; for a group without members. */
  reset(offsets: readonly TopicPartitionOffset[]): void
  /** Forgets everything; for a group without members. */
  clear(): void
}

interface Member extends MemberSettings, MemberCallbacks {
  readonly id: string
  owned: ReadonlyMap<string, TopicPartition>
  /** Ends the wait for `revoke`, for a member that left meanwhile. */
  left(): void
}

/**
 * A consumer group with eager rebalances, as Kafka's classic protocol has them: whenever a member comes or goes all give
 * up what they have, and only when the last has done so (or its time is over) partitions are given out anew.
 */
export function memoryGroup(
  partitionsOf: (topic: string) => number,
  setTimeout: (f: () => void, ms: number) => () => void,
): MemoryGroup {
  const members = new Map<string, Member>()
  const offsets = new Map<string, Map<number, number>>()
  let joined = 0
  let known = false
  let changed = false
  let rebalancing = false

  async function rebalance(): Promise<void> {
    changed = true
    if (rebalancing) return
    rebalancing = true
    while (changed) {
      changed = false
      await Promise.all([...members.values()].map(takeBack))
      // Whoever came or went meanwhile is in `members`; one round covers all of them.
      changed = false
      const subscribers = [...members.values()].map(({ id, topics, copartitioned }) => ({ id, topics, copartitioned }))
      for (const [id, partitions] of assignPartitions(subscribers, partitionsOf)) {
        const member = members.get(id)
        if (!member) continue
        member.owned = new Map(partitions.map((at) => [partitionKey(at), at]))
        member.assign(partitions)
      }
    }
    rebalancing = false
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
    await Promise.race([member.revoke(), time, left])
    cancel()
    member.owned = NOTHING
    if (late && members.delete(member.id)) member.lose()
  }

  function keep({ topic, partition, offset }: TopicPartitionOffset): void {
    let ofTopic = offsets.get(topic)
    if (!ofTopic) offsets.set(topic, (ofTopic = new Map()))
    ofTopic.set(partition, offset)
  }

  return {
    join(settings, callbacks) {
      const id = `${settings.clientId}-${String(joined++).padStart(12, '0')}`
      const member: Member = { ...settings, ...callbacks, id, owned: NOTHING, left() {} }
      known = true
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
      if (!known) return undefined
      return {
        state: members.size === 0 ? 'Empty' : rebalancing ? 'PreparingRebalance' : 'Stable',
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
      known = true
      for (const at of commits) keep(at)
    },
    clear() {
      known = false
      offsets.clear()
    },
  }
}

const NOTHING: ReadonlyMap<string, TopicPartition> = new Map()
