import type { MaybePromise } from '@snapstream/core'
import type { ConsumerSettings, RecordBatch } from '../../driver/driver.ts'
import { decompressionRoom } from '../../record-batch/decompression-room.ts'
import type { FetchedPartition } from '../../record-batch/fetched-partition.ts'
import { partitionReader } from '../../record-batch/partition-reader.ts'
import type { PartitionReader } from '../../record-batch/partition-reader.ts'
import { isThenable } from '../../topic/thenable.ts'
import { hasRoom } from './fetch-lane.ts'
import type { Lane } from './fetch-lane.ts'

/** Decodes what was fetched of partitions, as far as there is room for it. */
export interface LaneDecoder {
  /** Takes what was fetched from the lane's position on. Answers whether there was something. */
  receive(lane: Lane, fetched: FetchedPartition): boolean
  /** The batch is done with, or not wanted any more: the memory it held is free. */
  release(batch: RecordBatch): void
  /** Decodes more of what was fetched, if there is room now. */
  fill(lane: Lane): void
  /** Drops what was fetched and not taken. */
  empty(lane: Lane): void
}

export function laneDecoder(options: {
  readonly settings: Pick<ConsumerSettings, 'isolationLevel' | 'maxDecompressedBytes' | 'onEndOffset'>
  readonly onBatch: () => void
  /** A batch has a wrong checksum, and is fetched once more. */
  readonly onTrouble?: ((error: unknown) => void) | undefined
  /** There is no going on in the partition. */
  readonly onFailure: (lane: Lane, problem: unknown) => void
  /** It was decoded meanwhile: there may be something to fetch. */
  readonly onDecoded: () => void
}): LaneDecoder {
  const { settings, onBatch, onTrouble, onFailure, onDecoded } = options
  const room = decompressionRoom(settings.maxDecompressedBytes)
  const readCommitted = settings.isolationLevel === 'read_committed'

  function fill(lane: Lane): void {
    while (lane.reader !== undefined && !lane.decoding && hasRoom(lane)) {
      const { reader } = lane
      let batch: MaybePromise<RecordBatch | undefined>
      try {
        batch = reader.next()
      } catch (problem) {
        giveUp(lane, reader, problem)
        return
      }
      if (!isThenable(batch)) put(lane, reader, batch)
      else {
        lane.decoding = true
        void settle(lane, reader, batch)
      }
    }
  }

  async function settle(lane: Lane, reader: PartitionReader, pending: PromiseLike<RecordBatch | undefined>) {
    try {
      const batch = await pending
      if (lane.reader === reader) lane.decoding = false
      put(lane, reader, batch)
    } catch (problem) {
      giveUp(lane, reader, problem)
    }
    fill(lane)
    onDecoded()
  }

  function put(lane: Lane, reader: PartitionReader, batch: RecordBatch | undefined): void {
    // Fetched before the last seek: nobody wants it any more.
    if (lane.reader !== reader) {
      if (batch !== undefined) room.release(batch)
      return
    }
    if (batch === undefined) {
      lane.reader = undefined
      return
    }
    const unread = batch.error?.(0)
    // A wrong checksum may come of the way here: the batch is fetched once more.
    if (unread?.code === 'KAFKA_FAILED' && lane.doubted !== unread.offset) {
      lane.doubted = unread.offset
      onTrouble?.(unread)
      drop(lane)
      return
    }
    lane.position = batch.nextOffset
    lane.queue.push(batch)
    if (!hasRoom(lane)) lane.fullSince = performance.now()
    onBatch()
  }

  function giveUp(lane: Lane, reader: PartitionReader, problem: unknown): void {
    if (lane.reader !== reader) return
    drop(lane)
    onFailure(lane, problem)
  }

  function drop(lane: Lane): void {
    lane.reader?.close()
    lane.reader = undefined
    lane.decoding = false
  }

  return {
    receive(lane, fetched) {
      // Brokers send the last stable offset as well where it does not matter what is committed.
      const readable = readCommitted && fetched.lastStableOffset >= 0 ? fetched.lastStableOffset : fetched.endOffset
      if (fetched.records.length === 0) {
        settings.onEndOffset?.({ topic: lane.topic, partition: lane.partition, offset: readable })
        return false
      }
      lane.reader = partitionReader(fetched, lane.position, readable, room)
      fill(lane)
      return true
    },
    release: (batch) => room.release(batch),
    fill,
    empty(lane) {
      drop(lane)
      for (const batch of lane.queue.splice(0)) room.release(batch)
    },
  }
}
