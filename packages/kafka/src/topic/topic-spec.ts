import { StringCodec } from '@snapstream/core'
import type { Codec, CodecContext } from '@snapstream/core'
import { parseSettings } from '../conf/parse-settings.ts'
import type { Settings } from '../conf/settings.ts'
import { fastStringCodec } from '../record/fast-string-codec.ts'
import { checkOptions, parseNames } from './topic-options.ts'
import { specOf } from './spec-of.ts'
import type { TopicCreation } from './topic-creation.ts'
import type { AnyTopicOptions, TopicNames, TopicOptions } from './topic-options.ts'

/** What a topic was made with, checked and completed. */
export interface TopicSpec {
  /** As shown in messages. */
  readonly name: string
  /** One or more names, or a pattern. */
  readonly topics: readonly string[] | RegExp
  /** The topic that can be written to: there is one if there is one name. */
  readonly single: string | undefined
  readonly groupId: string | null | undefined
  /** The names of topics that belong together with these. */
  readonly copartitionedWith: readonly string[]
  readonly onAssigned: TopicOptions['onAssigned']
  readonly onRevoked: TopicOptions['onRevoked']
  /** Where to start in a partition in which nothing is committed, if that is said. */
  readonly start: (partition: number) => number | { readonly timestamp: number } | undefined
  readonly untilEnd: boolean
  readonly create: TopicCreation | undefined
  readonly dry: boolean
  readonly tombstones: boolean
  readonly brokenHeaders: boolean
  readonly codec: Codec<unknown>
  /** Whether values are strings because nothing else was said. */
  readonly plain: boolean
  readonly keyCodec: Codec<unknown>
  readonly conf: Settings
}

/** Throws `USAGE`. */
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

const strings = fastStringCodec(StringCodec())

/** For codecs that want to know whose bytes they have. */
export function codecContext(topic: string, part: CodecContext['part']): CodecContext {
  return { topic, part }
}
