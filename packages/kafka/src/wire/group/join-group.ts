import { describe } from '@snapstream/core'
import type { ConsumerSettings } from '../../driver/driver.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Connection } from '../protocol/connection.ts'
import { KAFKA } from '../errors/error-table.ts'
import { decodeAssignment, encodeSubscription } from './group-protocol.ts'
import type { Assignment, Subscription } from './group-protocol.ts'
import { protocolError, throwFor } from '../errors/kafka-error.ts'
import { oddAnswer } from '../errors/odd-answer.ts'
import { shareOut } from './assignor.ts'

/** Members keep what they have while they join. Clients of other languages know it by this name. */
const COOPERATIVE = 'cooperative-sticky'
/** For groups with members that know no other, so that these can be taken over member by member: all give up all first. */
const EAGER = 'roundrobin'

const OFFERED: readonly string[] = [COOPERATIVE, EAGER]

export interface Joined extends Assignment {
  readonly generationId: number
  readonly leads: boolean
  /** Whether members may keep what they have when they join next. */
  readonly cooperative: boolean
}

/** Joins a group once, and learns what this member gets. Throws what the coordinator answers instead. */
export async function joinGroup(
  cluster: Cluster,
  connection: Connection,
  options: {
    readonly groupId: string
    readonly subscription: Subscription
    readonly settings: ConsumerSettings
    /** Empty for one that has none yet. */
    readonly memberId: () => string
    /** Told as soon as it is known: from then on the group waits for this member. */
    readonly onMemberId: (memberId: string) => void
    /** Called when the next generation has begun; what the member gets in it is not known yet. */
    readonly onGeneration: (generationId: number) => void
  },
): Promise<Joined> {
  const { groupId, subscription, settings, memberId, onMemberId, onGeneration } = options
  const { groupInstanceId, sessionTimeoutMs, rebalanceTimeoutMs } = settings
  const metadata = encodeSubscription(subscription)
  const protocols = OFFERED.map((name) => ({ name, metadata }))
  const ask = async () => {
    const request = { groupId, memberId: memberId(), groupInstanceId, sessionTimeoutMs, rebalanceTimeoutMs, protocols }
    const answer = await connection.joinGroup(request)
    if (answer.memberId !== '') onMemberId(answer.memberId)
    return answer
  }
  let joined = await ask()
  // The first answer to a new member is its id.
  if (joined.errorCode === KAFKA.MEMBER_ID_REQUIRED) {
    if (memberId() === '') throw protocolError(joined.errorCode)
    joined = await ask()
  }
  throwFor(joined)
  const { generationId, protocol, leaderId, members } = joined
  if (generationId < 0 || joined.memberId === '' || !OFFERED.includes(protocol))
    throw oddAnswer(
      'JoinGroup',
      `member ${describe(joined.memberId)} of generation ${generationId}, with the protocol ${describe(protocol)}`,
    )
  onGeneration(generationId)
  const leads = leaderId === joined.memberId
  if (leads) await cluster.metadata.refresh()
  const assignments = leads ? await shareOut(cluster, members) : []
  const answer = await connection.syncGroup({
    groupId,
    memberId: memberId(),
    groupInstanceId,
    generationId,
    assignments,
  })
  throwFor(answer)
  const assignment = decodeAssignment(answer.assignment)
  for (const { topic, partition } of assignment.partitions)
    if (!subscription.topics.has(topic))
      throw oddAnswer(
        'SyncGroup',
        `partition ${partition} of ${describe(topic)} is given to a member that does not read it`,
      )
  return { generationId, leads, cooperative: protocol === COOPERATIVE, ...assignment }
}
