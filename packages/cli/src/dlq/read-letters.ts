import type { MaybePromise } from '@snapstream/core'
import { Topic, deadLetterOf } from '@snapstream/kafka'
import type { DeadLetter } from '@snapstream/kafka'
import type { DlqFlags, DlqShowFlags } from '../definitions/dlq-definition.ts'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { breather, filterOf } from '../output/filter.ts'
import type { Printer } from '../output/printer.ts'
import { viewOf } from '../output/view.ts'
import { readTopic } from '../topic/read-topic.ts'
import type { Start } from '../topic/read-topic.ts'
import { topicShape } from '../topic/topic-shape.ts'
import { usage } from '../usage.ts'

interface LetterCounts {
  readonly shown: number
  /** Of which it could not be said whether they are chosen. */
  readonly unclear: number
}

/** Looks at the dead letters that are chosen, in the order of each partition. */
export async function readLetters(
  topic: string,
  flags: DlqShowFlags,
  look: (letter: DeadLetter) => MaybePromise<void>,
  signal: AbortSignal,
): Promise<LetterCounts> {
  const { offset, partition, limit } = flags
  const shape = await topicShape(topic, partition)
  if (offset !== undefined && partition === undefined && shape.partitions.length > 1)
    throw usage(`--offset needs --partition: ${JSON.stringify(topic)} has ${shape.partitions.length} partitions`)
  const isMeant = letterFilter(flags)
  const breathe = breather()
  const counts = { shown: 0, unclear: 0 }
  await readTopic(
    shape,
    { start: await startOf(topic, flags), follow: false, partition },
    (record) => {
      if (offset !== undefined && offset >= 0 && record.offset > offset) return 'stop'
      const letter = deadLetterOf(record)
      const meant = isMeant(letter)
      if (meant !== true) {
        if (meant !== false) counts.unclear++
        return breathe()
      }
      const seen = look(letter) ?? breathe()
      return ++counts.shown === (offset !== undefined && offset >= 0 ? 1 : limit) ? 'stop' : seen
    },
    signal,
  )
  return counts
}

/** Ends the output, says what could not be filtered, and answers with the exit code. */
export async function endOfLetters({ unclear }: LetterCounts, printer: Printer, io: Io): Promise<ExitCode> {
  await printer.end()
  if (unclear > 0)
    io.stderr.write(`snapstream: ${unclear} dead letters are not shown: the filter takes more than a second on each\n`)
  if (io.signal.aborted) return EXIT.interrupted
  return unclear > 0 && !printer.isBroken ? EXIT.failure : EXIT.ok
}

/** Those that were replayed are behind the group that remembers them, which `replay` calls so. */
async function startOf(name: string, { all, offset, group }: DlqShowFlags): Promise<Start> {
  if (offset !== undefined && offset >= 0) return { offset }
  if (all) return 'earliest'
  await using topic = Topic(name, { groupId: group ?? `${name}.replay` })
  return { offsets: new Map((await topic.committed()).map((at) => [at.partition, at.offset])) }
}

/** Whether a letter is one of those that the options choose; or why that cannot be said. */
export function letterFilter({ code, from, ...filters }: DlqFlags): (letter: DeadLetter) => boolean | Error {
  const isMeant = filterOf(filters)
  return (letter) => {
    if (code !== undefined && letter.code !== code) return false
    if (from !== undefined && letter.origin?.topic !== from) return false
    return isMeant(viewOf(letter.key), viewOf(letter.value))
  }
}
