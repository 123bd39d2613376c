import { SnapstreamError, describe } from '@snapstream/core'
import { resolveSettings, sameSettings } from '../conf/resolve-settings.ts'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { usage } from '../conf/usage.ts'
import type { DriverAdmin } from '../driver/driver.ts'
import { findTopics } from '../options/find-topics.ts'
import { specOf } from '../options/topic-spec.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { groupOf } from '../reading/topic-source.ts'

/** Topics by name, of a source whose partitions have state. */
export interface NamedTopics extends TopicSpec {
  readonly topics: readonly string[]
}

/** The group whose assignment the parts of a store follow. */
export interface StateGroup {
  readonly groupId: string
  /** Of the consumer that gets the partitions. */
  readonly settings: ResolvedSettings
  /** The first topic. */
  readonly spec: NamedTopics
}

/** A topic with its number of partitions. */
export interface Partitioned {
  readonly topic: string
  readonly partitions: number
}

/**
 * The topics of sources. Throws `USAGE` for a source that is no topic, and for a pattern.
 *
 * @param what the subject of the messages: `the store "counts"`
 */
export function namedTopics(sources: readonly unknown[], what: string): readonly NamedTopics[] {
  return sources.map((source) => {
    const spec = specOf(source)
    if (spec === undefined)
      throw usage(
        `${what} has one part for each partition of its sources, and one of them is no topic (${describe(source)}); write its ` +
          'values to a topic first, or keep the state in a Cache',
      )
    if (isNamed(spec)) return spec
    throw usage(
      `${what} has one part for each partition of its sources, and ${nameOf(spec)} is a pattern, whose partitions are not ` +
        'known; list the topics by name: Topic([...])',
    )
  })
}

const isNamed = (spec: TopicSpec): spec is NamedTopics => !(spec.topics instanceof RegExp)

/** The group that reads all of these topics. Throws `USAGE` if they are not read by one consumer of one group. */
export function stateGroup(specs: readonly NamedTopics[], what: string): StateGroup {
  const [first, ...others] = specs
  if (first === undefined)
    throw usage(`${what} has no source; bind it to a handler of a topic: snap(topic, { sink: [store] })`)
  const settings = resolveSettings(first.conf)
  const groupId = expectGroup(first, settings, what)
  for (const other of others) {
    const its = resolveSettings(other.conf)
    const otherGroup = expectGroup(other, its, what)
    const both = `${what} goes with ${nameOf(first)} and ${nameOf(other)}`
    if (otherGroup !== groupId)
      throw usage(
        `${both}, which are read with the groups ${JSON.stringify(groupId)} and ${JSON.stringify(otherGroup)}: one member has ` +
          'to get partition n of both; give them the same groupId',
      )
    if (!sameSettings(settings, its, 'consumer'))
      throw usage(
        `${both}, which have other brokers or settings of the consumer: one consumer has to get partition n of both; give ` +
          'them the same conf',
      )
  }
  return { groupId, settings, spec: first }
}

function expectGroup(spec: TopicSpec, settings: ResolvedSettings, what: string): string {
  const groupId = groupOf(spec, settings)
  if (groupId !== null) return groupId
  throw usage(
    `${what} follows the partitions of a group, and ${nameOf(spec)} is read without one (groupId: null); give it a groupId`,
  )
}

/** The partitions of each topic; missing topics are created if `create` says so. Rejects with `TOPIC_MISSING`. */
export async function partitionsOf(admin: DriverAdmin, spec: TopicSpec): Promise<readonly Partitioned[]> {
  const described = await admin.describeTopics(await findTopics(admin, spec))
  return Array.from(described, ([topic, { length: partitions }]) => ({ topic, partitions }))
}

/** The first of the topics. Throws `USAGE` if another one has another number of partitions. */
export function samePartitions(topics: readonly Partitioned[], what: string): Partitioned {
  const [first] = topics
  if (first === undefined) throw usage(`${what} has no source`)
  for (const { topic, partitions } of topics)
    if (partitions !== first.partitions)
      throw new SnapstreamError(
        'USAGE',
        `${JSON.stringify(first.topic)} has ${first.partitions} partitions and ${JSON.stringify(topic)} has ${partitions}, and ` +
          `${what} goes with both: partition n of one belongs to partition n of the other, so both need the same number. ` +
          `Write one of them, by its key, to a topic with as many partitions as the other, and read that: ` +
          `snap(topic, { sink: [Topic('same', { create: { like: 'other' } })] })(({ key, value }) => [key, value])`,
        { topic },
      )
  return first
}

const nameOf = ({ name }: TopicSpec) => `the topic ${JSON.stringify(name)}`
