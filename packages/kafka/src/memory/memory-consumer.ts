import { toError } from '@snapstream/core'
import { createCondition } from '@snapstream/core/adapter'
import { refuseUnequal } from '../driver/copartitioned.ts'
import { outOfRange, topicMissing } from '../driver/driver-error.ts'
import type { ConsumerSettings, DriverConsumer, RecordBatch, TopicPartition } from '../driver/driver.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import { startOffset } from '../driver/start-offset.ts'
import { logBatch, offsetAtTimestamp } from './partition-log.ts'
import type { MemoryBroker } from './memory-broker.ts'
import type { Membership } from './memory-group.ts'
import type { PartitionLog } from './partition-log.ts'

const MAX_BATCHES_OUT = 2
const MAX_BATCH_RECORDS = 1000

/** A partition that this consumer reads, for as long as it is assigned. */
interface Reading extends TopicPartition {
  readonly log: PartitionLog
  position: number
  batchesOut: number
}

/** One assignment of partitions to the consumer. The next is another object. */
interface Assignment {
  readonly partitions: readonly TopicPartition[]
  /** By partition, offsets that were sought while `assigned` was pending. */
  readonly sought: Map<string, number>
  /** The partitions that are read; empty until `assigned` has settled. */
  readings: readonly Reading[]
  /** Functions that end the wait for new records. */
  unwatch: readonly (() => void)[]
}

export function memoryConsumer(broker: MemoryBroker, settings: ConsumerSettings, clientId: string): DriverConsumer {
  const topics = subscribedTopics(broker, settings)
  refuseUnequal(settings.copartitioned ?? [], (topic) => broker.logs(topic).length)
  const group = settings.groupId === null ? undefined : broker.group(settings.groupId)
  const { notify: wake, next: wait } = createCondition()
  const out = new Map<RecordBatch, Reading>()
  /** Undefined between two assignments. */
  let assignment: Assignment | undefined
  /** The partitions that were handed over last, or are being handed over. */
  let handedOver: readonly TopicPartition[] = []
  let membership: Membership | undefined
  /** Undefined while the consumer reads. Has an error if it cannot go on, and none if it was closed. */
  let ended: { readonly error?: Error } | undefined
  /** Settles when the last call of `assigned` or `revoked` has ended: the calls run one after another. */
  let turn: Promise<void> = Promise.resolve()
  /** The index of the partition that was read last: partitions take turns. */
  let lastRead = 0

  function join(): void {
    const { groupInstanceId, copartitioned = [], rebalanceTimeoutMs } = settings
    membership = group?.join(
      { clientId, groupInstanceId, topics, copartitioned, rebalanceTimeoutMs },
      {
        assigned: begin,
        revoked() {
          const partitions = assignment?.partitions ?? []
          handedOver = partitions
          stop()
          turn = turn.then(() => tellRevoked(partitions, 'revoked')).catch(fail)
          return turn
        },
        lost() {
          // The call with 'revoked' is still pending, and the call with 'lost' must not wait for it.
          turn = Promise.all([turn, tellRevoked(handedOver, 'lost').catch(fail)]).then(() => {
            if (ended === undefined) join()
          })
        },
      },
    )
  }

  async function tellRevoked(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void> {
    if (ended === undefined && partitions.length > 0) await settings.revoked(partitions, reason)
  }

  function begin(partitions: readonly TopicPartition[]): void {
    const given: Assignment = { partitions, sought: new Map(), readings: [], unwatch: [] }
    assignment = given
    turn = turn.then(() => start(given)).catch(fail)
  }

  async function start(given: Assignment): Promise<void> {
    const isCurrent = () => assignment === given
    if (!isCurrent()) return
    const found = given.partitions.map(({ topic, partition }) => {
      const log = broker.logs(topic)[partition]
      if (!log) throw topicMissing(topic)
      const committed = group?.committed(topic, partition)
      const { offset, uncommitted } = startOffset(settings, { topic, partition }, committed, {
        earliest: log.earliest(),
        latest: log.latest(),
        atTimestamp: (timestamp) => offsetAtTimestamp(log, timestamp),
      })
      return { log, uncommitted, at: { topic, partition, offset } }
    })
    const answer = await settings.assigned(found.map(({ at }) => at))
    if (!isCurrent()) return
    const answered = new Map([...(answer?.map((at) => [partitionKey(at), at.offset] as const) ?? []), ...given.sought])
    membership?.commit(
      found.filter(({ uncommitted, at }) => uncommitted && !answered.has(partitionKey(at))).map(({ at }) => at),
    )
    given.readings = found.map(({ log, at }) => ({
      topic: at.topic,
      partition: at.partition,
      log,
      position: answered.get(partitionKey(at)) ?? at.offset,
      batchesOut: 0,
    }))
    given.unwatch = given.readings.map(({ log }) => log.watch(wake))
    wake()
  }

  function stop(): void {
    for (const unwatch of assignment?.unwatch ?? []) unwatch()
    assignment = undefined
    out.clear()
  }

  /** Ends reading. @param error the reason; default: the consumer was closed */
  function end(error?: Error): void {
    ended = error === undefined ? {} : { error }
    stop()
    membership?.leave()
    wake()
  }

  function fail(error: unknown): void {
    if (ended === undefined) end(toError(error))
  }

  function take(reading: Reading): RecordBatch | undefined {
    const { topic, partition, log } = reading
    if (log.dropped()) throw topicMissing(topic)
    const [earliest, latest] = [log.earliest(), log.latest()]
    if (reading.position < earliest || reading.position > latest) {
      const { onOffsetOutOfRange: policy = 'error' } = settings
      if (policy === 'error') throw outOfRange({ topic, partition, offset: reading.position }, earliest, latest)
      reading.position = policy === 'earliest' ? earliest : latest
    }
    if (reading.position === latest) {
      settings.onEndOffset?.({ topic, partition, offset: latest })
      return undefined
    }
    const batch = logBatch(
      reading,
      reading.position,
      log.read(reading.position, MAX_BATCH_RECORDS, settings.fetchMaxBytes),
      latest,
    )
    reading.position = batch.nextOffset
    reading.batchesOut++
    out.set(batch, reading)
    return batch
  }

  /** The partitions that are read without a group. */
  function partitionsRead(): TopicPartition[] {
    const only = settings.only && new Set(settings.only.map(partitionKey))
    return [...topics]
      .flatMap((topic) => broker.logs(topic).map((_, partition) => ({ topic, partition })))
      .filter((at) => only?.has(partitionKey(at)) ?? true)
  }

  function nextBatch({ readings }: Assignment): RecordBatch | undefined {
    for (let n = 0; n < readings.length; n++) {
      lastRead = (lastRead + 1) % readings.length
      const reading = readings[lastRead]
      const batch = reading && reading.batchesOut < MAX_BATCHES_OUT ? take(reading) : undefined
      if (batch) return batch
    }
    return undefined
  }

  if (group) join()
  else begin(partitionsRead())

  return {
    async poll() {
      while (ended === undefined) {
        try {
          const batch = assignment && nextBatch(assignment)
          if (batch) return batch
        } catch (error) {
          fail(error)
          continue
        }
        await wait()
      }
      if (ended.error !== undefined) throw ended.error
      return undefined
    },
    release(batch) {
      const reading = out.get(batch)
      if (!reading) return
      out.delete(batch)
      reading.batchesOut--
      wake()
    },
    seek(to) {
      const key = partitionKey(to)
      const reading = assignment?.readings.find((candidate) => partitionKey(candidate) === key)
      if (reading) reading.position = to.offset
      else assignment?.sought.set(key, to.offset)
      wake()
    },
    async commit(offsets) {
      if (ended === undefined) membership?.commit(offsets)
    },
    async close() {
      if (ended === undefined) end()
      else ended = {}
    },
  }
}

/** The topics that the settings name, or that match a pattern of theirs. Throws `TOPIC_MISSING`. */
function subscribedTopics(broker: MemoryBroker, settings: ConsumerSettings): Set<string> {
  const names = broker.topics()
  const topics = new Set<string>()
  for (const topic of settings.topics) {
    if (typeof topic === 'string') {
      broker.logs(topic)
      topics.add(topic)
    } else for (const name of names) if (name.search(topic) !== -1) topics.add(name)
  }
  return topics
}
