import { SnapstreamError } from '@snapstream/core'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { sameSettings } from '../conf/same-settings.ts'
import type { Driver } from '../driver/driver.ts'
import { bothRead, covers, groupConsumer } from './group-consumer.ts'
import type { GroupConsumer, GroupMember } from './group-consumer.ts'

/** A consumer of this run, and what it was made for. */
interface Entry {
  readonly driver: Driver
  readonly groupId: string
  readonly brokers: string
  readonly settings: ResolvedSettings
  readonly consumer: GroupConsumer
}

const SCOPE_KEY = '~snapstream.kafka.consumers'

/**
 * The consumer for a reader: one it shares with all readers of the run that have the same group and settings, or, without
 * a group, its own. Throws `USAGE` if another reader of the run reads the same topic with the same group.
 */
export function joinConsumer(
  scope: Map<unknown, unknown>,
  settings: ResolvedSettings,
  groupId: string | null,
  member: GroupMember,
): GroupConsumer {
  if (groupId === null) {
    const own = groupConsumer(settings, null, () => {})
    own.join(member)
    return own
  }
  const entries = (scope.get(SCOPE_KEY) as Set<Entry> | undefined) ?? new Set<Entry>()
  scope.set(SCOPE_KEY, entries)
  const { driver, client } = settings
  const wanted = { driver, groupId, brokers: client.brokers.toSorted().join(), settings }
  const sameGroup = [...entries].filter(
    (entry) => entry.driver === driver && entry.groupId === groupId && entry.brokers === wanted.brokers,
  )
  for (const entry of sameGroup) for (const other of entry.consumer.members) refuseBoth(member, other, groupId)
  let entry = sameGroup.find((candidate) => sameSettings(candidate.settings, settings, 'consumer'))
  if (entry === undefined) {
    const { groupInstanceId } = settings.consumer
    if (groupInstanceId !== undefined)
      for (const other of sameGroup)
        if (other.settings.consumer.groupInstanceId === groupInstanceId)
          throw twoInstances(groupInstanceId, member, groupId)
    const made: Entry = { ...wanted, consumer: groupConsumer(settings, groupId, () => entries.delete(made)) }
    entry = made
    entries.add(made)
  }
  entry.consumer.join(member)
  return entry.consumer
}

/** Each would put the other out of the group for ever. */
function twoInstances(groupInstanceId: string, { name }: GroupMember, groupId: string): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `Topic(${name}) reads with the group ${JSON.stringify(groupId)} and has other settings than another topic of it, so ` +
      `that each has a consumer of its own, and both would have the groupInstanceId ${JSON.stringify(groupInstanceId)}; ` +
      'give both the same settings, or one another groupInstanceId',
    { topic: name },
  )
}

/** Two patterns may overlap as well: that shows when they meet at a topic. */
function refuseBoth(member: GroupMember, other: GroupMember, groupId: string): void {
  for (const [one, another] of [
    [member, other],
    [other, member],
  ] as const) {
    if (one.topics instanceof RegExp) continue
    const topic = one.topics.find((name) => covers(another, name))
    if (topic !== undefined) throw bothRead(member.name, other.name, topic, groupId)
  }
}

/** For a source that does not say with which group it is read. */
export function groupMissing(name: string): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `the topic ${JSON.stringify(name)} is a source and has no groupId; give it one, Topic(${JSON.stringify(name)}, ` +
      `{ groupId: 'my-group' }), or groupId: null to read all of it without committing`,
    { topic: name },
  )
}
