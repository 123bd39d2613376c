import { toError } from '@snapstream/core'
import { createCondition } from '@snapstream/core/adapter'
import { refuseUnequal } from '../driver/copartitioned.ts'
import { closed, groupNeeded, outOfRange, topicMissing, transactionalIdNeeded } from '../driver/driver-error.ts'
import type {
  ConsumerSettings,
  DriverConsumer,
  OffsetAndMetadata,
  RecordBatch,
  TopicPartition,
  TopicPartitionOffset,
} from '../driver/driver.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import { startOffset } from '../driver/start-offset.ts'
import { logBatch } from './log-batch.ts'
import type { MemoryBroker } from './memory-broker.ts'
import type { Membership } from './memory-group.ts'
import { partitionClaims } from './partition-claims.ts'
import type { PartitionClaims } from './partition-claims.ts'
import { offsetAtTimestamp } from './partition-log.ts'
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
  /** Whether `assigned` was called with them. */
  isTold: boolean
  /** By partition, offsets that were sought while `assigned` was pending. */
  readonly sought: Map<string, number>
  /** The partitions that are read; empty until `assigned` has settled. */
  readings: readonly Reading[]
  /** Functions that end the wait for new records. */
  unwatch: readonly (() => void)[]
}

/** A consumer of a broker in memory. */
export interface MemoryConsumer extends DriverConsumer {
  /** Ends it as a crash of its process does: the group removes it, and its claims to partitions stay. */
  kill(): void
}

export function memoryConsumer(broker: MemoryBroker, settings: ConsumerSettings, clientId: string): MemoryConsumer {
  const { isolationLevel, transactionalId } = settings
  const topics = subscribedTopics(broker, settings)
  refuseUnequal(settings.copartitioned ?? [], (topic) => broker.logs(topic).length)
  const group = settings.groupId === null ? undefined : broker.group(settings.groupId)
  const claims = group && partitionClaims(broker.transactions, group.offsets, transactionalId ?? '')
  if (transactionalId !== undefined && group === undefined) throw groupNeeded(transactionalId)
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
    const { groupInstanceId, copartitioned = [], state, rebalanceTimeoutMs } = settings
    membership = group?.join(
      { clientId, groupInstanceId, topics, copartitioned, state, rebalanceTimeoutMs },
      {
        assigned: begin,
        revoked() {
          const partitions = assignment?.isTold ? assignment.partitions : []
          handedOver = partitions
          stop()
          turn = turn.then(() => handOver(partitions)).catch(fail)
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

  async function handOver(partitions: readonly TopicPartition[]): Promise<void> {
    await tellRevoked(partitions, 'revoked')
    release(partitions)
  }

  async function tellRevoked(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void> {
    if (ended === undefined && partitions.length > 0) await settings.revoked(partitions, reason)
  }

  /** Gives up the claims to partitions, so that their next owner does not fence this one. */
  function release(partitions: readonly TopicPartition[]): void {
    if (transactionalId !== undefined && claims) membership?.commit(claims.released(claims.held(partitions)))
  }

  function begin(partitions: readonly TopicPartition[]): void {
    const given: Assignment = { partitions, isTold: false, sought: new Map(), readings: [], unwatch: [] }
    assignment = given
    turn = turn.then(() => start(given)).catch(fail)
  }

  async function start(given: Assignment): Promise<void> {
    const isCurrent = () => assignment === given
    if (!isCurrent()) return
    if (transactionalId !== undefined) {
      claims?.fenceOwners(given.partitions)
      await untilStable(given.partitions, isCurrent)
      if (!isCurrent()) return
    }
    const found = given.partitions.map(({ topic, partition }) => {
      const log = broker.logs(topic)[partition]
      if (!log) throw topicMissing(topic)
      const committed = group?.offsets.get({ topic, partition })?.offset
      const { offset, uncommitted } = startOffset(settings, { topic, partition }, committed, {
        earliest: log.earliest(),
        latest: log.latest(isolationLevel),
        atTimestamp: (timestamp) => offsetAtTimestamp(log, timestamp, isolationLevel),
      })
      return { log, uncommitted, at: { topic, partition, offset } }
    })
    given.isTold = true
    const answer = await settings.assigned(found.map(({ at }) => at))
    if (!isCurrent()) return
    const answered = new Map([...(answer?.map((at) => [partitionKey(at), at.offset] as const) ?? []), ...given.sought])
    const isStart = ({ uncommitted, at }: (typeof found)[number]) => uncommitted && !answered.has(partitionKey(at))
    const isClaim = ({ uncommitted }: (typeof found)[number]) => transactionalId !== undefined && !uncommitted
    const kept = found.filter((one) => isStart(one) || isClaim(one))
    if (claims) membership?.commit(claims.claimed(kept.map(({ at }) => at)))
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
    wake()
  }

  /** Waits until no transaction is pending on offsets of these partitions, or there is no reason to wait any more. */
  async function untilStable(partitions: readonly TopicPartition[], goesOn: () => boolean): Promise<void> {
    if (group === undefined) return
    const unwatch = group.offsets.watch(wake)
    while (goesOn() && partitions.some(group.offsets.isPending)) await wait()
    unwatch()
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
    const [earliest, endOffset] = [log.earliest(), log.latest(isolationLevel)]
    if (reading.position < earliest || reading.position > log.latest()) {
      const { onOffsetOutOfRange: policy = 'error' } = settings
      if (policy === 'error') throw outOfRange({ topic, partition, offset: reading.position }, earliest, log.latest())
      reading.position = policy === 'earliest' ? earliest : endOffset
    }
    if (reading.position >= endOffset) {
      settings.onEndOffset?.({ topic, partition, offset: endOffset })
      return undefined
    }
    const records = log.read(reading.position, MAX_BATCH_RECORDS, settings.fetchMaxBytes, isolationLevel)
    const batch = logBatch(reading, records, { endOffset, isolationLevel })
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
      if (ended === undefined && claims) membership?.commit(ownedBy(claims, offsets))
    },
    async commitIn(producer, offsets) {
      if (claims === undefined || transactionalId === undefined) throw transactionalIdNeeded()
      const member = membership
      const isLost = () => ended !== undefined || !offsets.every((at) => member?.owns(at))
      if (member === undefined || isLost()) return false
      try {
        await producer.sendOffsets(member.metadata(), ownedBy(claims, offsets))
      } catch (error) {
        // The generation ended because the member was removed from its group.
        if (isLost()) return false
        throw error
      }
      return true
    },
    async committed(partitions) {
      await untilStable(partitions, () => ended === undefined)
      if (ended !== undefined) throw closed('consumer')
      return partitions.flatMap(({ topic, partition }) => {
        const committed = group?.offsets.get({ topic, partition })
        return committed === undefined ? [] : [{ topic, partition, offset: committed.offset }]
      })
    },
    rejoin() {
      if (ended === undefined) membership?.rejoin()
    },
    async close() {
      if (ended !== undefined) {
        ended = {}
        return
      }
      // A static member comes back to its partitions.
      if (settings.groupInstanceId === undefined) release(assignment?.partitions ?? handedOver)
      end()
    },
    kill() {
      if (ended === undefined) end()
    },
  }

  /** Offsets with the owner of their partitions: none once the partitions are being given up. */
  function ownedBy(claims: PartitionClaims, offsets: readonly TopicPartitionOffset[]): OffsetAndMetadata[] {
    return assignment === undefined ? claims.released(offsets) : claims.claimed(offsets)
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
