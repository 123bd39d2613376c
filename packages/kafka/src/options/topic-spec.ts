import { StringCodec, describe } from '@snapstream/core'
import type { Codec } from '@snapstream/core'
import { unknownOption, usage } from '../conf/usage.ts'
import { parseSettings } from '../conf/parse-settings.ts'
import type { Settings } from '../conf/settings.ts'
import { TOPIC_NAME, isTopicName } from '../driver/topic-name.ts'
import { isOffset, isTimestamp } from './place.ts'
import { TOPIC_CREATION, isTopicCreation } from './topic-creation.ts'
import type { TopicCreation } from './topic-creation.ts'
import type { AnyTopicOptions, TopicNames, TopicOptions } from './topic-options.ts'

/** The name and the options of a topic, checked and with defaults. */
export interface TopicSpec {
  /** The name in messages: names joined by commas, or the pattern. */
  readonly name: string
  /** One or more names, or a pattern. */
  readonly topics: readonly string[] | RegExp
  /** The topic that is written to; undefined for several names or a pattern. */
  readonly single: string | undefined
  readonly groupId: string | null | undefined
  /** The names of the topics that are co-partitioned with these. */
  readonly copartitionedWith: readonly string[]
  readonly onAssigned: TopicOptions['onAssigned']
  readonly onRevoked: TopicOptions['onRevoked']
  /** Where to start in a partition without a committed offset; undefined: as `autoOffsetReset` says. */
  readonly start: (partition: number) => number | { readonly timestamp: number } | undefined
  readonly untilEnd: boolean
  readonly create: TopicCreation | undefined
  readonly dry: boolean
  /** Undefined: as the settings say. */
  readonly exactlyOnce: boolean | undefined
  readonly tombstones: boolean
  readonly brokenHeaders: boolean
  readonly codec: Codec<unknown>
  /** Whether values are strings because no codec was given. */
  readonly plain: boolean
  readonly keyCodec: Codec<unknown>
  readonly conf: Settings
}

/** Checks the names and options of a topic. Throws `USAGE`. */
export function topicSpec(names: TopicNames, options: AnyTopicOptions): TopicSpec {
  const topics = parseNames(names)
  const name = topics instanceof RegExp ? String(topics) : topics.join(',')
  checkOptions(options, name, topics instanceof RegExp)
  const { create = false, codec, keyCodec } = options
  return {
    name,
    topics,
    single: topics instanceof RegExp || topics.length > 1 ? undefined : topics[0],
    groupId: options.groupId,
    copartitionedWith: namesOf(options.copartitionedWith),
    onAssigned: options.onAssigned,
    onRevoked: options.onRevoked,
    start: startOf(options),
    untilEnd: options.until === 'end',
    create: create === false ? undefined : create === true ? {} : create,
    dry: options.dry ?? false,
    exactlyOnce: options.exactlyOnce,
    tombstones: options.tombstones ?? false,
    brokenHeaders: options.brokenHeaders ?? false,
    codec: codec ?? strings,
    plain: codec === undefined,
    keyCodec: keyCodec ?? strings,
    conf: parseSettings(options.conf ?? {}, `conf of Topic(${JSON.stringify(name)})`),
  }
}

function namesOf(others: AnyTopicOptions['copartitionedWith'] = []): readonly string[] {
  const list: readonly (string | { readonly name: string })[] = Array.isArray(others) ? others : [others]
  return list.flatMap((other) => (typeof other === 'string' ? [other] : (specOf(other)?.topics as readonly string[])))
}

function startOf({ offset, timestamp }: AnyTopicOptions): TopicSpec['start'] {
  if (timestamp !== undefined) {
    const start = { timestamp: Number(timestamp) }
    return () => start
  }
  if (typeof offset !== 'object') return () => offset
  const offsets = { ...offset }
  return (partition) => offsets[partition]
}

const strings = StringCodec()

const SPEC = '~snapstream.topic'

/** Attaches its spec to a topic. */
export function keepSpec(topic: object, spec: TopicSpec): void {
  Object.defineProperty(topic, SPEC, { value: spec })
}

/** The spec of a topic; undefined for any other value. */
export function specOf(topic: unknown): TopicSpec | undefined {
  return (topic as { readonly [SPEC]?: TopicSpec } | null | undefined)?.[SPEC]
}

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
  'exactlyOnce',
  'tombstones',
  'brokenHeaders',
  'conf',
]

/** Checks the names of a topic. Throws `USAGE`. */
function parseNames(names: unknown): readonly string[] | RegExp {
  // A global or sticky pattern keeps state between matches.
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

/** Throws `USAGE` for an option that does not exist or has a wrong value. */
function checkOptions(options: AnyTopicOptions, name: string, pattern: boolean): void {
  const topic = `Topic(${JSON.stringify(name)})`
  if (typeof options !== 'object' || options === null)
    throw usage(`${topic} takes an object of options, got ${describe(options)}`)
  for (const option of Object.keys(options)) if (!OPTIONS.includes(option)) throw unknownOption(topic, option, OPTIONS)
  const expect = (option: keyof AnyTopicOptions, ok: boolean, expected: string) => {
    if (options[option] !== undefined && !ok)
      throw usage(`${option} of ${topic} takes ${expected}, got ${describe(options[option])}`)
  }
  const { groupId, offset, timestamp, until, create, dry, exactlyOnce, tombstones, brokenHeaders, codec, keyCodec } =
    options
  expect('groupId', groupId === null || (typeof groupId === 'string' && groupId !== ''), 'a name, or null for no group')
  expect(
    'offset',
    typeof offset === 'object' ? areOffsets(offset) : isOffset(offset),
    'a whole number (negative: from the end), or one for each partition: { 0: 12, 1: -1 }',
  )
  expect('timestamp', isTimestamp(timestamp), 'a Date, or a whole number of ms since the epoch')
  if (offset !== undefined && timestamp !== undefined)
    throw usage(`${topic} was given an offset and a timestamp to start at; leave one out`)
  expect('until', until === 'end', "'end'")
  expect('dry', typeof dry === 'boolean', 'true or false')
  expect('exactlyOnce', typeof exactlyOnce === 'boolean', 'true or false')
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

function areOffsets(value: object | null): boolean {
  if (value === null || Array.isArray(value)) return false
  return Object.entries(value).every(([partition, offset]) => /^(0|[1-9]\d*)$/.test(partition) && isOffset(offset))
}

function isNamed(other: unknown): boolean {
  return typeof other === 'string' ? isTopicName(other) : Array.isArray(specOf(other)?.topics)
}

function isCodec(value: unknown): boolean {
  const codec = value as Partial<Codec<unknown>> | null | undefined
  return typeof codec?.encode === 'function' && typeof codec.decode === 'function'
}
