import { toError } from '@snapstream/core'
import { createCondition } from '@snapstream/core/adapter'
import { refuseUnequal } from '../driver/copartitioned.ts'
import { outOfRange, topicMissing } from '../driver/driver-error.ts'
import type { ConsumerSettings, DriverConsumer, RecordBatch, TopicPartition } from '../driver/driver.ts'
import { partitionKey } from '../driver/partition-key.ts'
import { startOffset } from '../driver/start-offset.ts'
import { logBatch } from './log-batch.ts'
import { offsetAtTimestamp } from './offset-at-timestamp.ts'
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

export function memoryConsumer(broker: MemoryBroker, settings: ConsumerSettings, clientId: string): DriverConsumer {
  const topics = subscribedTopics(broker, settings)
  refuseUnequal(settings.copartitioned ?? [], (topic) => broker.logs(topic).length)
  const group = settings.groupId === null ? undefined : broker.group(settings.groupId)
  const { notify: wake, next: wait } = createCondition()
  const out = new Map<RecordBatch, Reading>()
  let readings: Reading[] = []
  /** Where to go on instead, while partitions are being assigned. */
  const sought = new Map<string, number>()
  let unwatch: (() => void)[] = []
  let next = 0
  let owned: readonly TopicPartition[] = []
  let revoking: readonly TopicPartition[] = []
  /** Counts assignments: what belongs to an older one is dropped. */
  let epoch = 0
  let membership: Membership | undefined
  let open = true
  let failure: Error | undefined
  // `assigned` and `revoked` are called one after the other, whatever the group asks for meanwhile.
  let turn: Promise<void> = Promise.resolve()

  function join(): void {
    const { groupInstanceId, copartitioned = [], rebalanceTimeoutMs } = settings
    membership = group?.join(
      { clientId, groupInstanceId, topics, copartitioned, rebalanceTimeoutMs },
      {
        assign(partitions) {
          owned = partitions
          const assignment = ++epoch
          turn = turn.then(() => start(partitions, assignment)).catch(fail)
        },
        revoke() {
          const partitions = owned
          revoking = partitions
          stop()
          turn = turn.then(() => revoked(partitions, 'revoked')).catch(fail)
          return turn
        },
        lose() {
          // The call for 'revoked' is still waiting: the news must not wait for it.
          turn = Promise.all([turn, revoked(revoking, 'lost').catch(fail)]).then(() => {
            if (open && !failure) join()
          })
        },
      },
    )
  }

  async function revoked(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void> {
    if (open && !failure && partitions.length > 0) await settings.revoked(partitions, reason)
  }

  async function start(partitions: readonly TopicPartition[], assignment: number): Promise<void> {
    const current = () => open && assignment === epoch
    if (!current()) return
    sought.clear()
    const found = partitions.map(({ topic, partition }) => {
      const log = broker.logs(topic)[partition]
      if (!log) throw topicMissing(topic)
      const committed = group?.committed(topic, partition)
      const { offset, passing } = startOffset(settings, { topic, partition }, committed, {
        earliest: log.earliest(),
        latest: log.latest(),
        atTimestamp: (timestamp) => offsetAtTimestamp(log, timestamp),
      })
      return { log, passing, at: { topic, partition, offset } }
    })
    const answer = await settings.assigned(found.map(({ at }) => at))
    if (!current()) return
    const answered = new Map([...(answer?.map((at) => [partitionKey(at), at.offset] as const) ?? []), ...sought])
    membership?.commit(
      found.filter(({ passing, at }) => passing && !answered.has(partitionKey(at))).map(({ at }) => at),
    )
    readings = found.map(({ log, at }) => ({
      topic: at.topic,
      partition: at.partition,
      log,
      position: answered.get(partitionKey(at)) ?? at.offset,
      batchesOut: 0,
    }))
    unwatch = readings.map(({ log }) => log.watch(wake))
    wake()
  }

  function stop(): void {
    epoch++
    owned = []
    readings = []
    out.clear()
    for (const f of unwatch) f()
    unwatch = []
  }

  function leave(): void {
    stop()
    membership?.leave()
    wake()
  }

  function fail(error: unknown): void {
    if (!open) return
    failure ??= toError(error)
    leave()
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

  /** Without a group. */
  function partitionsRead(): TopicPartition[] {
    const only = settings.only && new Set(settings.only.map(partitionKey))
    return [...topics]
      .flatMap((topic) => broker.logs(topic).map((_, partition) => ({ topic, partition })))
      .filter((at) => only?.has(partitionKey(at)) ?? true)
  }

  function nextBatch(): RecordBatch | undefined {
    for (let n = 0; n < readings.length; n++) {
      next = (next + 1) % readings.length
      const reading = readings[next]
      const batch = reading && reading.batchesOut < MAX_BATCHES_OUT ? take(reading) : undefined
      if (batch) return batch
    }
    return undefined
  }

  if (group) join()
  else {
    turn = start(partitionsRead(), ++epoch).catch(fail)
  }

  return {
    async poll() {
      while (open) {
        if (failure) throw failure
        try {
          const batch = nextBatch()
          if (batch) return batch
        } catch (error) {
          fail(error)
          continue
        }
        await wait()
      }
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
      const reading = readings.find((candidate) => partitionKey(candidate) === key)
      if (reading) reading.position = to.offset
      // What is being assigned is looked up there, what is not assigned nowhere.
      else sought.set(key, to.offset)
      wake()
    },
    async commit(offsets) {
      if (open && !failure) membership?.commit(offsets)
    },
    async close() {
      if (!open) return
      open = false
      leave()
    },
  }
}

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
