import type { MaybePromise } from '@snapstream/core'
import { Topic, deadLetterOf } from '@snapstream/kafka'
import type { DeadLetter } from '@snapstream/kafka'
import type { DlqFlags, DlqShowFlags } from '../definitions/dlq-definition.ts'
import { viewOf, viewText } from '../output/view.ts'
import { readTopic } from '../topic/read-topic.ts'
import type { Start } from '../topic/read-topic.ts'
import { topicShape } from '../topic/topic-shape.ts'
import { usage } from '../usage.ts'

/** Looks at the dead letters that are meant, in the order of each partition. Answers with how many there were. */
export async function readLetters(
  topic: string,
  flags: DlqShowFlags,
  look: (letter: DeadLetter) => MaybePromise<void>,
  signal: AbortSignal,
): Promise<number> {
  const { offset, partition, limit } = flags
  const shape = await topicShape(topic, partition)
  if (offset !== undefined && partition === undefined && shape.partitions.length > 1)
    throw usage(`--offset needs --partition: ${JSON.stringify(topic)} has ${shape.partitions.length} partitions`)
  let count = 0
  await readTopic(
    shape,
    { start: await startOf(topic, flags), follow: false, partition },
    (record) => {
      if (offset !== undefined && offset >= 0 && record.offset > offset) return 'stop'
      const letter = deadLetterOf(record)
      if (!isMeant(letter, flags)) return undefined
      const seen = look(letter)
      return ++count === (offset !== undefined && offset >= 0 ? 1 : limit) ? 'stop' : seen
    },
    signal,
  )
  return count
}

/** Those that were replayed are behind the group that remembers them, which `replay` calls so. */
async function startOf(name: string, { all, offset, group }: DlqShowFlags): Promise<Start> {
  if (offset !== undefined && offset >= 0) return { offset }
  if (all) return 'earliest'
  await using topic = Topic(name, { groupId: group ?? `${name}.replay` })
  return { offsets: new Map((await topic.committed()).map((at) => [at.partition, at.offset])) }
}

/** Whether a letter is one of those that the options choose. */
export function isMeant(letter: DeadLetter, { code, from, keyFilter, valFilter }: DlqFlags): boolean {
  if (code !== undefined && letter.code !== code) return false
  if (from !== undefined && letter.origin?.topic !== from) return false
  const matches = (filter: RegExp | undefined, bytes: Uint8Array | null) =>
    filter === undefined || (bytes !== null && filter.test(viewText(viewOf(bytes), '')))
  return matches(keyFilter, letter.key) && matches(valFilter, letter.value)
}
