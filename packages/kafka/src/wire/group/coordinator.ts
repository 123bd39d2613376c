import type { TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Connection } from '../protocol/connection.ts'
import { throwFor } from '../errors/kafka-error.ts'
import { expectPartitions } from '../errors/odd-answer.ts'
import type { Purpose } from '../cluster/node-connections.ts'
import { within } from '../with-timeout.ts'

/** A member in one generation of its group. */
export interface Generation {
  readonly id: number
  readonly memberId: string
}

/** The broker that coordinates a group, and what a member of the group asks of it. Each rejects with what it answers. */
export interface Coordinator {
  /** A connection to where it was last. @param purpose default `'requests'` */
  connection(purpose?: Purpose): Promise<Connection>
  /** Looks for it anew. */
  find(): Promise<void>
  heartbeat(generation: Generation): Promise<void>
  /** `onRefused` is told which partition it did not take. */
  commit(
    generation: Generation,
    offsets: readonly TopicPartitionOffset[],
    onRefused: (at: TopicPartition) => void,
  ): Promise<void>
  /** Tells it that a member leaves, without insisting. Never rejects. */
  leave(memberId: string): Promise<void>
}

const LEAVE_PATIENCE_MS = 1000

export function coordinatorOf(cluster: Cluster, groupId: string, groupInstanceId: string | undefined): Coordinator {
  let node: number | undefined
  const find = async () => (node = await cluster.findCoordinator(groupId))
  const connection = async (purpose?: Purpose) => cluster.node(node ?? (await find()), purpose)
  const identity = ({ id: generationId, memberId }: Generation) => ({
    groupId,
    memberId,
    groupInstanceId,
    generationId,
  })
  return {
    connection,
    async find() {
      await find()
    },
    async heartbeat(generation) {
      throwFor(await (await connection()).heartbeat(identity(generation)))
    },
    async commit(generation, offsets, onRefused) {
      const answers = await (await connection()).offsetCommit({ ...identity(generation), offsets })
      expectPartitions('OffsetCommit', offsets, answers)
      for (const answer of answers) {
        const { topic, partition, errorCode } = answer
        if (errorCode !== 0) onRefused({ topic, partition })
        throwFor(answer)
      }
    },
    async leave(memberId) {
      if (memberId === '') return
      const leaving = connection().then((broker) => broker.leaveGroup({ groupId, memberId, groupInstanceId }))
      await within(
        LEAVE_PATIENCE_MS,
        leaving.catch(() => {}),
      )
    },
  }
}
