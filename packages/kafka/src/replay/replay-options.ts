import { describe } from '@snapstream/core'
import { unknownOption, usage } from '../conf/usage.ts'
import { TOPIC_NAME, isTopicName } from '../driver/topic-name.ts'
import type { DeadLetter } from './dead-letter.ts'

export interface ReplayOptions {
  /** Which to send. Called for one record of a partition at a time, in order. @default all */
  readonly where?: (letter: DeadLetter) => boolean | PromiseLike<boolean>
  /** How many to send at most; at least 1. The others wait for the next call. @default no limit */
  readonly limit?: number
  /**
   * What becomes of those that `where` does not select. `'keep'`: they are written to the end of the dead letter topic
   * again, as they are and in their order, and wait there for a later call. `'pass'`: the group leaves them behind; the
   * topic still has them for another `groupId`.
   * @default 'keep'
   */
  readonly others?: 'keep' | 'pass'
  /**
   * The topics that records may be sent back to. What says that it came from another is foreign. Name them where others can
   * write to the dead letter topic: the headers of a record say where it goes. Not together with `to`.
   * @default any but Kafka's own (`__consumer_offsets` and the like) and the dead letter topic
   */
  readonly targets?: readonly string[]
  /**
   * What becomes of records that do not say where they came from, or that may not be sent there, unless `to` is given; and of
   * those that stand for a batch that could not be read, which holds no record to send.
   * `'stop'`: an error that names the record; `'keep'` and `'pass'` as for `others`.
   * @default 'stop'
   */
  readonly foreign?: 'stop' | 'keep' | 'pass'
  /** The topic they all go to, wherever they came from. @default for each the one in which it failed */
  readonly to?: string
  /** `'key'`: where Kafka's own clients put the key; `'original'`: the partition in which it failed. @default 'key' */
  readonly partition?: 'key' | 'original'
  /**
   * The timestamps of what is sent. A topic whose `retention.ms` is over for the `'original'` one may drop the record
   * before it is read.
   * @default 'original'
   */
  readonly timestamp?: 'original' | 'now'
  /** Only counts: nothing is sent and nothing is committed. @default false */
  readonly dryRun?: boolean
  /** The consumer group that remembers how far the dead letters have been replayed. @default the topic's name and `.replay` */
  readonly groupId?: string
  /** Aborting it ends the replay gracefully: what was sent is acknowledged and committed, and the counts are told. */
  readonly signal?: AbortSignal
}

export interface ReplayCounts {
  /** `sent` and `skipped` together. */
  readonly read: number
  /** Acknowledged where they came from, or at `to`. */
  readonly sent: number
  /** Kept or passed: not selected by `where`, or foreign. */
  readonly skipped: number
  /** The lag of the group afterwards, in offsets: 0 once no dead letter waits. */
  readonly left: number
}

const EXPECTED: { readonly [N in keyof Required<ReplayOptions>]: readonly [string, (value: unknown) => boolean] } = {
  where: ['a function', (value) => typeof value === 'function'],
  limit: ['a whole number of 1 or more', (value) => Number.isSafeInteger(value) && (value as number) >= 1],
  others: oneOf('keep', 'pass'),
  foreign: oneOf('stop', 'keep', 'pass'),
  targets: [`names of topics, which have ${TOPIC_NAME}`, areTopicNames],
  to: [`the name of a topic, which has ${TOPIC_NAME}`, (value) => typeof value === 'string' && isTopicName(value)],
  partition: oneOf('key', 'original'),
  timestamp: oneOf('original', 'now'),
  dryRun: ['true or false', (value) => typeof value === 'boolean'],
  groupId: ['a name', (value) => typeof value === 'string' && value !== ''],
  signal: ['an AbortSignal', (value) => typeof (value as AbortSignal | null)?.aborted === 'boolean'],
}

/** Throws `USAGE`. */
export function checkReplayOptions(options: ReplayOptions): void {
  if (typeof options !== 'object' || options === null)
    throw usage(`replay takes an object of options, got ${describe(options)}`)
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(EXPECTED, name)) throw unknownOption('replay', name, Object.keys(EXPECTED))
    const [expected, fits] = EXPECTED[name as keyof ReplayOptions]
    if (value !== undefined && !fits(value)) throw usage(`${name} of replay takes ${expected}, got ${describe(value)}`)
  }
  if (options.to !== undefined && options.targets !== undefined)
    throw usage(
      `replay sends to where records came from, if it is one of 'targets', or all of them 'to' one; leave one out`,
    )
}

function areTopicNames(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string' && isTopicName(name))
  )
}

function oneOf(...words: readonly string[]): readonly [string, (value: unknown) => boolean] {
  return [words.map((word) => `'${word}'`).join(' or '), (value) => words.includes(value as string)]
}
