import { assignUnits, partitionsOfShares } from '../driver/assign-partitions.ts'
import type {
  GroupDescription,
  GroupMetadata,
  GroupState,
  OffsetAndMetadata,
  TopicPartition,
  TopicPartitionOffset,
} from '../driver/driver.ts'
import { heldState } from '../driver/held-state.ts'
import { assignState } from '../driver/standbys.ts'
import { stateMember } from '../driver/state-member.ts'
import type { StateMember } from '../driver/state-member.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import { KAFKA } from '../wire/errors/error-table.ts'
import { kafkaError, protocolError } from '../wire/errors/kafka-error.ts'
import { committedOffsets } from './committed-offsets.ts'
import type { CommittedOffsets } from './committed-offsets.ts'
import type { Transaction, TransactionParticipant } from './transaction.ts'

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
  /** The member in its present generation. */
  metadata(): GroupMetadata
  /** Whether the member owns the partition, and has not given it up. */
  owns(at: TopicPartition): boolean
  /** Commits offsets of partitions that the member owns; the others are left out. */
  commit(offsets: readonly OffsetAndMetadata[]): void
  /** Asks for a new assignment. */
  rejoin(): void
  /** Gives up all partitions at once, without a call of `revoked`. */
  leave(): void
}

interface MemberSettings {
  readonly clientId: string
  readonly groupInstanceId: string | undefined
  readonly topics: ReadonlySet<string>
  readonly copartitioned: readonly (readonly string[])[]
  readonly state: GroupState | undefined
  readonly rebalanceTimeoutMs: number
}

export interface MemoryGroup extends TransactionParticipant {
  readonly offsets: Pick<CommittedOffsets, 'get' | 'isPending' | 'watch' | 'forget'>
  join(settings: MemberSettings, listener: MemberListener): Membership
  /**
   * Commits offsets when a transaction is committed (Kafka's TxnOffsetCommit). Throws `KAFKA_FAILED` if the generation of the
   * member is over. It is not checked that the member owns the partitions.
   */
  commitIn(transaction: Transaction, member: GroupMetadata, offsets: readonly OffsetAndMetadata[]): void
  /** The state and the members, for admins; undefined until a member has joined, or an offset was committed. */
  describe(): Pick<GroupDescription, 'state' | 'members'> | undefined
  /** Sets offsets, for a group without members. */
  reset(offsets: readonly TopicPartitionOffset[]): void
  /** Deletes the group, which has no members. */
  clear(): void
}

interface Member extends Omit<MemberSettings, 'state'>, MemberListener {
  readonly id: string
  readonly state: StateMember
  /** -1 until the member has been assigned partitions. */
  generationId: number
  owned: ReadonlyMap<string, TopicPartition>
  /** The partitions of the latest assignment. */
  ownedBefore: readonly TopicPartition[]
  /** Ends the wait for `revoked` because the member left. */
  left(): void
}

/**
 * A consumer group with eager rebalances, as in Kafka's classic protocol: when a member joins or leaves, all members give up
 * their partitions. Partitions are assigned again when the last member has done so, or its time is over.
 */
export function memoryGroup(
  groupId: string,
  partitionsOf: (topic: string) => number,
  setTimeout: (f: () => void, ms: number) => () => void,
): MemoryGroup {
  const members = new Map<string, Member>()
  const offsets = committedOffsets()
  let joined = 0
  let generationId = 0
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
      assign()
    }
    state = 'Stable'
  }

  function assign(): void {
    generationId++
    const subscribers = [...members.values()].map(({ id, topics, copartitioned, state }) => ({
      id,
      topics,
      copartitioned,
      state: state.describe(),
    }))
    const state = heldState(subscribers)
    // Members have given up all their partitions. With state, they get those back that they had.
    const before = state.isEmpty
      ? subscribers
      : subscribers.map((one) => ({ ...one, owned: members.get(one.id)?.ownedBefore ?? [] }))
    const shares = assignUnits(before, partitionsOf, state)
    const given = partitionsOfShares(shares)
    const states = assignState(subscribers, shares, state, given)
    for (const [id, partitions] of given) {
      const member = members.get(id)
      if (!member) continue
      member.generationId = generationId
      member.owned = new Map(partitions.map((at) => [partitionKey(at), at]))
      member.ownedBefore = partitions
      member.state.assigned(partitions, states.get(id))
      member.assigned(partitions)
    }
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
    if (late && members.delete(member.id)) {
      member.state.stop()
      member.state.lost()
      member.lost()
    }
  }

  /** Throws for a member that Kafka would refuse, with the same code. */
  function expectGeneration({ memberId, generationId: theirs, groupInstanceId }: GroupMetadata): void {
    // A producer that commits for no member gives no generation.
    if (theirs < 0 && memberId === '' && groupInstanceId === undefined) return
    if (!members.has(memberId)) throw protocolError(KAFKA.UNKNOWN_MEMBER_ID)
    if (theirs !== generationId) throw protocolError(KAFKA.ILLEGAL_GENERATION)
  }

  return {
    offsets,
    end: offsets.end,
    commitIn(transaction, member, commits) {
      try {
        expectGeneration(member)
      } catch (error) {
        throw kafkaError(error, `commit offsets of the group ${JSON.stringify(groupId)} in a transaction`)
      }
      exists = true
      for (const at of commits) offsets.commit(at, transaction)
    },
    join(settings, listener) {
      const id = `${settings.clientId}-${String(joined++).padStart(12, '0')}`
      const state = stateMember({ state: settings.state, rejoin: () => void rebalance(), later: setTimeout })
      const member: Member = {
        ...settings,
        ...listener,
        id,
        state,
        generationId: -1,
        owned: NOTHING,
        ownedBefore: [],
        left() {},
      }
      exists = true
      members.set(id, member)
      void rebalance()
      return {
        metadata: () => ({
          groupId,
          memberId: id,
          generationId: member.generationId,
          groupInstanceId: settings.groupInstanceId,
        }),
        owns: (at) => members.has(id) && member.owned.has(partitionKey(at)),
        commit(commits) {
          if (!members.has(id)) return
          for (const at of commits) if (member.owned.has(partitionKey(at))) offsets.commit(at)
        },
        rejoin: state.ask,
        leave() {
          if (!members.delete(id)) return
          state.stop()
          member.owned = NOTHING
          member.left()
          void rebalance()
        },
      }
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
      for (const at of commits) offsets.commit({ ...at, metadata: '' })
    },
    clear() {
      exists = false
      offsets.clear()
    },
  }
}

const NOTHING: ReadonlyMap<string, TopicPartition> = new Map()
