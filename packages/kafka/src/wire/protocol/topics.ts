import { byTopic } from '../../driver/topic-partition.ts'
import type { TopicPartition } from '../../driver/topic-partition.ts'
import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'

/** Writes partitions by topic, as most requests list them. @param one writes the fields of a partition behind its number */
export function writeTopics<T extends TopicPartition>(to: ByteWriter, all: readonly T[], one: (at: T) => void): void {
  to.array(
    byTopic(all, (at) => at),
    ({ topic, partitions }) => {
      to.string(topic)
      to.array(partitions, (at) => {
        to.int32(at.partition)
        one(at)
        to.tags()
      })
      to.tags()
    },
  )
}

/** Writes the numbers of partitions by topic. */
export function writePartitions(to: ByteWriter, all: readonly TopicPartition[]): void {
  to.array(
    byTopic(all, ({ partition }) => partition),
    ({ topic, partitions }) => {
      to.string(topic)
      to.array(partitions, to.int32)
      to.tags()
    },
  )
}

/** Reads partitions by topic into one list. @param one reads the fields of a partition behind its number */
export function readTopics<T extends object>(from: ByteReader, one: () => T): (T & TopicPartition)[] {
  const all: (T & TopicPartition)[] = []
  from.array(() => {
    const topic = from.string()
    from.array(() => {
      const partition = from.int32()
      all.push({ ...one(), topic, partition })
      from.tags()
    })
    from.tags()
  })
  return all
}
