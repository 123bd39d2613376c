import { describe } from '@snapstream/core'
import { unknownOption, usage } from '../conf/usage.ts'
import { TOPIC_NAME, isTopicName } from '../driver/topic-name.ts'
import type { DeadLetter } from './dead-letter.ts'

/** The options of `replay`. */
export interface ReplayOptions {
  /** Selects the records to send. Called for one record of a partition at a time, in order. @default all are sent */
  readonly where?: (letter: DeadLetter) => boolean | PromiseLike<boolean>
  /** The largest number of records to send, from 1. The others wait for the next call. @default no limit */
  readonly limit?: number
  /**
   * For records that `where` does not select. `'keep'`: they are written to the end of the dead letter topic again, as they
   * are and in their order, and wait there for a later call. `'pass'`: the group goes on without them; they stay in the
   * topic for another `groupId`.
   * @default 'keep'
   */
  readonly others?: 'keep' | 'pass'
  /**
   * The topics that records may be sent back to; records from others are foreign. Set it if others can write to the dead
   * letter topic, as the headers of a record name its target. Not together with `to`.
   * @default all topics but Kafka's own (`__consumer_offsets` and the like) and the dead letter topic
   */
  readonly targets?: readonly string[]
  /**
   * For records without an origin, or with one that is not among `targets`, unless `to` is given. Also for records that stand
   * for a batch that could not be read, which holds no record to send. `'stop'`: the replay rejects with an error that names
   * the record; `'keep'` and `'pass'` as for `others`.
   * @default 'stop'
   */
  readonly foreign?: 'stop' | 'keep' | 'pass'
  /** The topic that all records go to. @default each goes to the topic in which it failed */
  readonly to?: string
  /** `'key'`: the partition that Kafka's clients choose for the key; `'original'`: the one in which the record failed. @default 'key' */
  readonly partition?: 'key' | 'original'
  /**
   * The timestamps of the records that are sent. With `'original'`, a topic with a short `retention.ms` may delete a record
   * before it is read.
   * @default 'original'
   */
  readonly timestamp?: 'original' | 'now'
  /** Counts records without sending or committing anything. @default false */
  readonly dryRun?: boolean
  /** The consumer group that commits the position of the replay. @default the topic's name and `.replay` */
  readonly groupId?: string
  /** Aborting it ends the replay: records that were sent are acknowledged and committed, and the call resolves with the counts. @default none */
  readonly signal?: AbortSignal
}

/** The result of `replay`, in numbers of records. */
export interface ReplayCounts {
  /** All records that were read: `sent` and `skipped` together. */
  readonly read: number
  /** Records that were acknowledged in their original topics, or in `to`. */
  readonly sent: number
  /** Records that were kept or passed, because `where` did not select them or they are foreign. */
  readonly skipped: number
  /** The lag of the group afterwards, in offsets; 0 if no dead letter waits. */
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

/** Checks the options of `replay`. Throws `USAGE`. */
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
      `replay takes either targets (records go back to these topics) or to (all records go to one topic), got both; leave one out`,
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
