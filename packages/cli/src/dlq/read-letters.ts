import type { MaybePromise } from '@snapstream/core'
import { Topic, deadLetterOf } from '@snapstream/kafka'
import type { DeadLetter } from '@snapstream/kafka'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { breather, filterOf } from '../output/filter.ts'
import type { Printer } from '../output/printer.ts'
import { viewOf } from '../output/view.ts'
import type { ConnectionFlags } from '../settings/settings.ts'
import { readTopic } from '../topic/read-topic.ts'
import type { Start } from '../topic/read-topic.ts'
import { topicDetails } from '../topic/topic-details.ts'
import { usage } from '../usage.ts'

/** The options that choose dead letters. */
export interface LetterFlags extends ConnectionFlags {
  readonly code?: string
  readonly from?: string
  readonly keyFilter?: RegExp
  readonly valFilter?: RegExp
  readonly limit?: number
  readonly group?: string
  readonly json?: boolean
}

/** The options that say where the reading starts. */
export interface ReadLetterFlags extends LetterFlags {
  readonly all?: boolean
  readonly offset?: number
  readonly partition?: number
}

interface LetterCounts {
  readonly shown: number
  /** Letters that the filter took too long to match. */
  readonly unclear: number
}

/** Visits the chosen dead letters, in the order of each partition. */
export async function readLetters(
  { topic, flags, signal }: { readonly topic: string; readonly flags: ReadLetterFlags; readonly signal: AbortSignal },
  visit: (letter: DeadLetter) => MaybePromise<void>,
): Promise<LetterCounts> {
  const { offset, partition, limit } = flags
  const details = await topicDetails(topic, partition)
  if (offset !== undefined && partition === undefined && details.partitions.length > 1)
    throw usage(`--offset needs --partition: ${JSON.stringify(topic)} has ${details.partitions.length} partitions`)
  const matches = letterFilter(flags)
  const breathe = breather()
  const counts = { shown: 0, unclear: 0 }
  await readTopic({ details, start: await startOf(topic, flags), partition, signal }, (record) => {
    if (offset !== undefined && offset >= 0 && record.offset > offset) return 'stop'
    const letter = deadLetterOf(record)
    const matched = matches(letter)
    if (matched !== true) {
      if (matched !== false) counts.unclear++
      return breathe()
    }
    const visited = visit(letter) ?? breathe()
    return ++counts.shown === (offset !== undefined && offset >= 0 ? 1 : limit) ? 'stop' : visited
  })
  return counts
}

/** Ends the output, reports letters that could not be filtered, and answers with the exit code. */
export async function endOfLetters({ unclear }: LetterCounts, printer: Printer, io: Io): Promise<ExitCode> {
  await printer.end()
  if (unclear > 0)
    io.stderr.write(
      `snapstream: ${unclear} dead letters are not shown, because the filter takes more than a second on each\n`,
    )
  if (io.signal.aborted) return EXIT.interrupted
  return unclear > 0 && !printer.isBroken ? EXIT.failure : EXIT.ok
}

/** Without --all and --offset: the positions of the group of `replay`, behind the letters that were replayed. */
async function startOf(name: string, { all, offset, group }: ReadLetterFlags): Promise<Start> {
  if (offset !== undefined && offset >= 0) return { offset }
  if (all) return 'earliest'
  await using topic = Topic(name, { groupId: group ?? `${name}.replay` })
  return { offsets: new Map((await topic.committed()).map((at) => [at.partition, at.offset])) }
}

/** Whether the options choose a letter; an error if the filter took too long. */
export function letterFilter({ code, from, ...filters }: LetterFlags): (letter: DeadLetter) => boolean | Error {
  const matches = filterOf(filters)
  return (letter) => {
    if (code !== undefined && letter.code !== code) return false
    if (from !== undefined && letter.origin?.topic !== from) return false
    return matches(viewOf(letter.key), viewOf(letter.value))
  }
}
