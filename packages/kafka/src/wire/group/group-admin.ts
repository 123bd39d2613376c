import { groupNotEmpty, noSuchGroup, topicMissing } from '../../driver/driver-error.ts'
import type { DriverAdmin, GroupDescription, GroupListing } from '../../driver/driver.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Connection, DescribedGroup } from '../protocol/connection.ts'
import { KAFKA, kafkaErrorKind } from '../errors/error-table.ts'
import { decodeAssignment } from './consumer-protocol.ts'
import { expectNames, expectPartitions, isTopicMissing, protocolError, throwFor } from '../errors/kafka-error.ts'

type GroupAdmin = Pick<DriverAdmin, 'listGroups' | 'describeGroups' | 'deleteGroups' | 'commit'>

/** The answers of a coordinator to a commit from outside while the group has members. */
const HAS_MEMBERS = new Set<number>([KAFKA.UNKNOWN_MEMBER_ID, KAFKA.ILLEGAL_GENERATION, KAFKA.REBALANCE_IN_PROGRESS])
/** The state of a group that does not exist. */
const DEAD = 'Dead'

/** The part of an admin for consumer groups. `ask` retries, and its error names the operation. */
export function groupAdmin(cluster: Cluster, ask: <T>(doing: string, run: () => Promise<T>) => Promise<T>): GroupAdmin {
  const coordinatorOf = async (groupId: string): Promise<Connection> =>
    cluster.node(await cluster.findCoordinator(groupId))

  async function describeGroup(groupId: string): Promise<GroupDescription> {
    const groups = await (await coordinatorOf(groupId)).describeGroups([groupId])
    const group = groups.find((one) => one.groupId === groupId)
    if (!group) throw protocolError(-1, 'the coordinator did not answer for it')
    const { errorCode, state, protocolType, members } = group
    if (kafkaErrorKind(errorCode).code === 'GROUP_MISSING' || (errorCode === 0 && state === DEAD))
      throw noSuchGroup(groupId)
    throwFor(group)
    return { groupId, state, protocolType, members: members.map((member) => describeMember(member, protocolType)) }
  }

  const describeGroups = async (groupIds: readonly string[]): Promise<Map<string, GroupDescription>> => {
    const described = new Map<string, GroupDescription>()
    for (const groupId of groupIds) {
      const doing = `describe the group ${JSON.stringify(groupId)}`
      described.set(groupId, await ask(doing, () => describeGroup(groupId)))
    }
    return described
  }

  return {
    describeGroups,
    listGroups: () =>
      ask('list the groups', async () => {
        // Each broker knows the groups that it coordinates.
        await cluster.requestMetadata([])
        const answers = await Promise.all(
          cluster.nodeIds().map(async (nodeId) => (await cluster.node(nodeId)).listGroups()),
        )
        const groups = new Map<string, GroupListing>()
        for (const answer of answers) {
          throwFor(answer)
          for (const { groupId, protocolType } of answer.groups) groups.set(groupId, { groupId, protocolType })
        }
        return [...groups.values()]
      }),
    async deleteGroups(groupIds) {
      // All or none, as far as that is known before the request.
      for (const [groupId, { members }] of await describeGroups(groupIds))
        if (members.length > 0) throw groupNotEmpty(groupId)
      for (const groupId of new Set(groupIds))
        await ask(`delete the group ${JSON.stringify(groupId)}`, async () => {
          const answers = await (await coordinatorOf(groupId)).deleteGroups([groupId])
          expectNames(
            'DeleteGroups',
            [groupId],
            answers.map((answer) => answer.groupId),
          )
          for (const { errorCode } of answers) {
            const { code } = kafkaErrorKind(errorCode)
            if (code === 'GROUP_NOT_EMPTY') throw groupNotEmpty(groupId, protocolError(errorCode))
            if (code === 'GROUP_MISSING') throw noSuchGroup(groupId, protocolError(errorCode))
            throwFor({ errorCode })
          }
        })
    },
    async commit(groupId, offsets) {
      if (offsets.length === 0) return
      await ask(`commit offsets of the group ${JSON.stringify(groupId)}`, async () => {
        const outside = { groupId, memberId: '', groupInstanceId: undefined, generationId: -1 }
        const answers = await (await coordinatorOf(groupId)).offsetCommit({ ...outside, offsets })
        expectPartitions('OffsetCommit', offsets, answers)
        for (const { topic, errorCode } of answers) {
          if (errorCode === 0) continue
          const error = protocolError(errorCode)
          if (HAS_MEMBERS.has(errorCode)) throw groupNotEmpty(groupId, error)
          throw isTopicMissing(error) ? topicMissing(topic, error) : error
        }
      })
    },
  }
}

function describeMember(
  { memberId, groupInstanceId, clientId, host, assignment }: DescribedGroup['members'][number],
  protocolType: string,
): GroupDescription['members'][number] {
  // Groups of another protocol type, such as Kafka Connect's, have assignments in another format.
  const partitions = protocolType === 'consumer' ? decodeAssignment(assignment).partitions : []
  return { memberId, groupInstanceId, clientId, host, partitions }
}
