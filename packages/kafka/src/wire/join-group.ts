import type { ConsumerSettings } from '../driver/driver.ts'
import type { Cluster } from './cluster.ts'
import type { Connection } from './connection.ts'
import { KAFKA } from './error-table.ts'
import { encodeSubscription } from './group-protocol.ts'
import { protocolError, throwFor } from './kafka-error.ts'
import { shareOut } from './share-out.ts'

/** A protocol that clients of other languages know too, so that a group can be taken over from them member by member. */
const PROTOCOL = 'roundrobin'

export interface Joined {
  readonly generationId: number
  readonly leads: boolean
  readonly assignment: Uint8Array
}

/** Joins a group once, and learns what this member gets. Throws what the coordinator answers instead. */
export async function joinGroup(
  cluster: Cluster,
  connection: Connection,
  options: {
    readonly groupId: string
    readonly topics: ReadonlySet<string>
    readonly settings: ConsumerSettings
    /** Empty for one that has none yet. */
    readonly memberId: () => string
    /** Told as soon as it is known: from then on the group waits for this member. */
    readonly onMemberId: (memberId: string) => void
  },
): Promise<Joined> {
  const { groupId, settings, memberId, onMemberId } = options
  const { groupInstanceId, sessionTimeoutMs, rebalanceTimeoutMs } = settings
  const protocols = [{ name: PROTOCOL, metadata: encodeSubscription(options.topics) }]
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
  const { generationId, leaderId, members } = joined
  const leads = leaderId === joined.memberId
  if (leads) await cluster.topics.refresh()
  const assignments = leads ? await shareOut(cluster, members) : []
  const answer = await connection.syncGroup({
    groupId,
    memberId: memberId(),
    groupInstanceId,
    generationId,
    assignments,
  })
  throwFor(answer)
  return { generationId, leads, assignment: answer.assignment }
}
