import type { ResetItem } from '@snapstream/core'
import type { TopicCodecs } from '../options/topic-options.ts'
import type { Topic } from '../topic/topic.ts'
import type { TestMember } from './test-member.ts'
import type { TestTopic } from './test-topic.ts'

/** How a process starts. */
export interface StartOptions {
  /**
   * Whether the stores find an empty folder, as on another machine, and are restored from their changelogs. The folders of a
   * test app are in memory, and survive the end of the stream and a crash.
   *
   * @default false
   */
  readonly freshFolder?: boolean
}

/**
 * An app under test: its own bindings, on a broker in memory and a virtual clock. Every call runs until the app is idle. An
 * error that ends the stream rejects the call during which it happened, else the next call, else `close`. It is reported once.
 */
export interface TestApp extends AsyncDisposable {
  /** The time of the virtual clock, in ms since the epoch. */
  readonly now: number
  /** Whether the stream runs: it was started, and has not ended, failed or been stopped. */
  readonly running: boolean
  /**
   * Starts the stream. Records that were piped before are already in their topics. Rejects with `NOTHING_BOUND`,
   * `ALREADY_RUNNING`, `USAGE` for a topic with a driver of its own and for one that another test app has open, and the error
   * that ends the stream.
   */
  start(options?: StartOptions): Promise<void>
  /** A topic to write to and read from, with the codecs of `topic`. Throws `USAGE`. */
  topic<V, K>(topic: Topic<V, K>): TestTopic<V, K>
  /** A topic to write to and read from, by its name; keys and values are strings. Throws `USAGE`. */
  topic(name: string): TestTopic<string>
  /** A topic to write to and read from, by its name, with codecs of its own. Throws `USAGE`. */
  topic<V, K = string>(name: string, codecs: TopicCodecs<V, K>): TestTopic<V, K>
  /** Runs until the app is idle. The clock does not move. */
  run(): Promise<void>
  /** Advances the clock. Checkpoints, backoffs, `interval`, `batch` and retention happen on the way, each at its time. */
  advance(ms: number): Promise<void>
  /** Ends the stream gracefully. Rejects with the error that ended it, such as `SHUTDOWN_TIMEOUT`. */
  stop(): Promise<void>
  /**
   * The process dies: no handler is called, and nothing is written, flushed or committed. A cache writes its buffer when it is
   * closed, as if the process died right after that; with `exactlyOnce` it does not, and a store never does. JavaScript still runs the code of a
   * handler behind the `await` it was in, and its outputs are dropped.
   */
  crash(): Promise<void>
  /** Stops the app, or crashes it, and starts it again. */
  restart(
    options?: {
      /** Whether the app crashes instead of stopping. @default false */
      readonly crash?: boolean
    } & StartOptions,
  ): Promise<void>
  /**
   * Does what `app.reset` does, on the broker and the folders of the test. Rejects with `ALREADY_RUNNING` while the stream runs,
   * and with `GROUP_NOT_EMPTY` while the group has other members.
   */
  reset(options?: { readonly dryRun?: boolean }): Promise<readonly ResetItem[]>
  /**
   * A second member, which reads nothing, joins the group of a topic: a rebalance.
   *
   * @param groupId default the group of the topic, else that of `Conf`
   */
  join<V, K>(topic: Topic<V, K>, groupId?: string): Promise<TestMember>
  /** A second member joins and leaves: two rebalances. */
  rebalance<V, K>(topic: Topic<V, K>, groupId?: string): Promise<void>
  /** Stops, and restores the driver of `Conf`. */
  close(): Promise<void>
}
