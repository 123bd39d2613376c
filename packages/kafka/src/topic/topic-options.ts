import { describe } from '@snapstream/core'
import type { Codec } from '@snapstream/core'
import type { TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'
import { closestName } from '../conf/closest-name.ts'
import type { KafkaConf } from '../conf/kafka-conf.ts'
import { TOPIC_NAME, isTopicName } from './is-topic-name.ts'
import { specOf } from './spec-of.ts'
import { TOPIC_CREATION, isTopicCreation } from './topic-creation.ts'
import type { TopicCreation } from './topic-creation.ts'
import { usage } from '../conf/usage.ts'

export interface TopicOptions {
  /**
   * The consumer group that reads the topic, or null to read all of it without a group and without committing. A topic
   * that is a source needs one or the other.
   */
  readonly groupId?: string | null | undefined
  /**
   * Topics that a handler needs together with this one, as `Topic` or by name: partition n of each goes to the same member
   * of the group, so that what has the same key meets in one process. They have to be read in the same stream, with the
   * same group and settings, and to have as many partitions. One of them is enough to say so.
   * @default each topic is shared out for itself
   */
  readonly copartitionedWith?: Copartitioned | readonly Copartitioned[] | undefined
  /**
   * Where to start in a partition in which the group has committed nothing: one offset for all of them, or one for each
   * that is named. Negative counts from the end.
   * @default what `autoOffsetReset` says
   */
  readonly offset?: number | Readonly<Record<number, number>> | undefined
  /**
   * Where to start in a partition in which the group has committed nothing: at the first record of this time or later, in
   * ms since the epoch. Not together with `offset`.
   * @default what `autoOffsetReset` says
   */
  readonly timestamp?: number | Date | undefined
  /**
   * Called when this member of the group was given partitions, with the offset each starts at, and awaited before their
   * first message. A `seek` of the topic in it decides where a partition begins, and the group goes on from there. What it
   * throws, and taking longer than `rebalanceTimeoutMs`, ends the stream.
   * @default none
   */
  readonly onAssigned?: ((partitions: readonly TopicPartitionOffset[]) => unknown) | undefined
  /**
   * Called before this member gives partitions up, also at the end of the stream: what is in flight of them is finished and
   * committed by then. It is awaited before another gets them; with `'lost'` another may have them already. What it
   * throws, and taking longer than `rebalanceTimeoutMs`, ends the stream.
   * @default none
   */
  readonly onRevoked?: ((partitions: readonly TopicPartition[], reason: 'revoked' | 'lost') => unknown) | undefined
  /** Ends the source where each partition ended when the topic was opened. @default it never ends */
  readonly until?: 'end' | undefined
  /**
   * Records whose headers cannot all be read (a name is not UTF-8) reach the handler as any other, with `headerBytes`.
   * @default false: that is an error of the record, for `onError`
   */
  readonly brokenHeaders?: boolean | undefined
  /** Creates the topic when it is opened, if it does not exist. @default false: that is an error */
  readonly create?: boolean | TopicCreation | undefined
  /** Checks and encodes what is written, and does not send it. @default false */
  readonly dry?: boolean | undefined
  /** Settings that go before those of `Conf`. */
  readonly conf?: KafkaConf | undefined
}

/** A topic, or its name. */
type Copartitioned = string | { readonly name: string; readonly '~snapstream.source': unknown }

/** How values and keys are turned into bytes and back. */
export interface TopicCodecs<V, K> {
  readonly codec: Codec<V>
  /** @default StringCodec() */
  readonly keyCodec?: Codec<K> | undefined
}

/** Everything `Topic` takes, before it is checked. */
export interface AnyTopicOptions extends TopicOptions {
  readonly codec?: Codec<unknown> | undefined
  readonly keyCodec?: Codec<unknown> | undefined
  readonly tombstones?: boolean | undefined
}

export type TopicNames = string | readonly string[] | RegExp

const OPTIONS = [
  'groupId',
  'copartitionedWith',
  'onAssigned',
  'onRevoked',
  'codec',
  'keyCodec',
  'offset',
  'timestamp',
  'until',
  'create',
  'dry',
  'tombstones',
  'brokenHeaders',
  'conf',
]

/** The names or the pattern of a topic, checked. Throws `USAGE`. */
export function parseNames(names: unknown): readonly string[] | RegExp {
  // A global or sticky pattern remembers where it matched last.
  if (names instanceof RegExp) return new RegExp(names.source, names.flags.replaceAll(/[gy]/g, ''))
  const list: readonly unknown[] = Array.isArray(names) ? names : [names]
  if (list.length === 0) throw usage('Topic takes at least one name, got an empty array')
  for (const name of list) {
    if (typeof name !== 'string')
      throw usage(`Topic takes a name, an array of names or a RegExp, got ${describe(name)}`)
    if (!isTopicName(name)) throw usage(`a topic's name has ${TOPIC_NAME}; got ${describe(name)}`)
  }
  return [...new Set(list as readonly string[])]
}

/** Throws `USAGE` for what a topic of this name, or these names, does not take. */
export function checkOptions(options: AnyTopicOptions, name: string, pattern: boolean): void {
  const topic = `Topic(${JSON.stringify(name)})`
  if (typeof options !== 'object' || options === null)
    throw usage(`${topic} takes an object of options, got ${describe(options)}`)
  for (const option of Object.keys(options))
    if (!OPTIONS.includes(option)) {
      const closest = closestName(option, OPTIONS)
      throw usage(
        `${topic} has no option '${option}'; ${closest ? `did you mean '${closest}'?` : `it takes ${OPTIONS.join(', ')}`}`,
      )
    }
  const expect = (option: keyof AnyTopicOptions, ok: boolean, expected: string) => {
    if (options[option] !== undefined && !ok)
      throw usage(`${option} of ${topic} takes ${expected}, got ${describe(options[option])}`)
  }
  const { groupId, offset, timestamp, until, create, dry, tombstones, brokenHeaders, codec, keyCodec } = options
  expect('groupId', groupId === null || (typeof groupId === 'string' && groupId !== ''), 'a name, or null for no group')
  expect(
    'offset',
    typeof offset === 'object' ? areOffsets(offset) : isOffset(offset),
    'a whole number (negative: from the end), or one for each partition: { 0: 12, 1: -1 }',
  )
  expect('timestamp', isTimestamp(timestamp), 'a Date, or a whole number of ms since the epoch')
  if (offset !== undefined && timestamp !== undefined)
    throw usage(`${topic} starts at an offset or at a timestamp, and was given both; leave one out`)
  expect('until', until === 'end', "'end'")
  expect('dry', typeof dry === 'boolean', 'true or false')
  expect('tombstones', typeof tombstones === 'boolean', 'true or false')
  expect('brokenHeaders', typeof brokenHeaders === 'boolean', 'true or false')
  expect('codec', isCodec(codec), 'an object with encode and decode')
  expect('keyCodec', isCodec(keyCodec), 'an object with encode and decode')
  const { copartitionedWith: together = [] } = options
  const others: readonly unknown[] = Array.isArray(together) ? together : [together]
  expect('copartitionedWith', others.every(isNamed), 'a topic with a name, or several')
  for (const hook of ['onAssigned', 'onRevoked'] as const)
    expect(hook, typeof options[hook] === 'function', 'a function')
  if (pattern && others.length > 0)
    throw usage(`${topic} is a pattern, and only topics with names can be co-partitioned; leave copartitionedWith out`)
  if (pattern && create)
    throw usage(`${topic} is a pattern, and only a topic with a name can be created; leave create out`)
  expect('create', typeof create === 'boolean' || isTopicCreation(create), `true, or ${TOPIC_CREATION}`)
}

/** Whether it is a whole number; -0 is none, as it would say two things. */
export function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && !Object.is(value, -0)
}

function areOffsets(value: object | null): boolean {
  if (value === null || Array.isArray(value)) return false
  return Object.entries(value).every(([partition, offset]) => /^(0|[1-9]\d*)$/.test(partition) && isOffset(offset))
}

export function isTimestamp(value: unknown): value is number | Date {
  const ms = value instanceof Date ? value.getTime() : value
  return Number.isSafeInteger(ms) && (ms as number) >= 0
}

function isNamed(other: unknown): boolean {
  return typeof other === 'string' ? isTopicName(other) : Array.isArray(specOf(other)?.topics)
}

function isCodec(value: unknown): boolean {
  const codec = value as Partial<Codec<unknown>> | null | undefined
  return typeof codec?.encode === 'function' && typeof codec.decode === 'function'
}
