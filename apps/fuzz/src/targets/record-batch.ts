import { SnapstreamError } from '@snapstream/core'
import { recordBatchEncoder } from '@snapstream/kafka/record-batch'
import type { FetchedPartition } from '@snapstream/kafka/record-batch'
import { decompressionRoom } from '@snapstream/kafka/src/record-batch/decompression-room.ts'
import { partitionReader } from '@snapstream/kafka/src/record-batch/partition-reader.ts'
import type { Target } from '../target.ts'

const MAX_DECOMPRESSED_BYTES = 4 << 20
const TRANSACTIONAL = 0x10
const CONTROL = 0x20

/** Record batches of a fetch response, with all codecs and without a checksum, as KafkaJS passes them on. */
export const recordBatch: Target = {
  name: 'record-batch',
  about: 'record batches of a fetched partition, uncompressed and with all codecs',
  maxBytes: 8192,
  seeds: sampleBatches,
  open(planted) {
    return (input) => {
      const records = Buffer.from(input)
      return readPartition(
        {
          topic: 't',
          partition: 0,
          errorCode: 0,
          aborted: [{ producerId: 7, firstOffset: 2 }],
          endOffset: 100,
          lastStableOffset: 100,
          preferredReplica: -1,
          records,
        },
        2,
        planted,
      )
    }
  },
}

/** Reads a fetched partition like a consumer, and checks its batches. Resolves with the words of the errors. */
export async function readPartition(fetched: FetchedPartition, from: number, planted: boolean): Promise<string> {
  const room = decompressionRoom(MAX_DECOMPRESSED_BYTES)
  const reader = partitionReader(fetched, from, fetched.endOffset, room)
  const words = new Set<string>()
  let expected = from
  try {
    for (let batch = await reader.next(); batch !== undefined; batch = await reader.next()) {
      let bytes = 0
      for (let i = 0; i < batch.length; i++) {
        const offset = batch.offset(i)
        // Deliberate bug: the offsets of a batch are not checked for order.
        if (!(offset >= expected) || offset >= batch.nextOffset) throw new Error(`offset ${offset} after ${expected}`)
        expected = offset + 1
        bytes += (batch.key(i)?.length ?? 0) + (batch.value(i)?.length ?? 0)
        for (const [text, part] of [
          [batch.keyText?.(i), batch.key(i)],
          [batch.valueText?.(i), batch.value(i)],
        ] as const)
          if (typeof text === 'string' && !Buffer.from(text).equals(part ?? Buffer.alloc(0)))
            throw new Error('text and bytes differ')
        const error = batch.error?.(i)
        if (error !== undefined) {
          words.add(wordOf(error))
          if (planted && error.message.includes('its size of')) throw new Error('bytes after the batch were returned')
        } else headersOf(() => batch.headers(i), words)
      }
      if (bytes > batch.bytes) throw new Error(`${bytes} bytes of content in a batch of ${batch.bytes}`)
      if (batch.nextOffset < expected) throw new Error(`nextOffset ${batch.nextOffset} after ${expected}`)
      expected = batch.nextOffset
      batch.release?.()
    }
  } catch (error) {
    words.add(wordOf(error))
  }
  // Hangs unless all room was released.
  await room.take(MAX_DECOMPRESSED_BYTES)
  return [...words].toSorted((a, b) => (a < b ? -1 : 1)).join(' & ') || 'ok'
}

function headersOf(read: () => unknown, words: Set<string>): void {
  try {
    read()
  } catch (error) {
    words.add(wordOf(error))
  }
}

/** The code and reason of an error without its quotes of the input. Throws an error without a code. */
export function wordOf(error: unknown): string {
  if (!SnapstreamError.is(error)) throw error
  const [, why = error.message] = /cannot be read: ([^(;]*)/.exec(error.message) ?? []
  return `${error.code}: ${why.replaceAll(/-?\d+/g, '#').slice(0, 60)}`
}

/** Batches from the encoder: single, in sequence, in a transaction, and cut off. */
export function sampleBatches(): readonly Buffer[] {
  const plain = recordBatchEncoder({ crc32c: () => 0 })
  const text = (value: string) => new TextEncoder().encode(value)
  const record = (i: number) => ({
    key: i % 3 === 0 ? null : text(`key ${i}`),
    value: i % 4 === 0 ? null : text('value '.repeat(i)),
    headers: i % 2 === 0 ? [] : [['trace', text(`${i}`)] as const, ['none', null] as const],
    timestamp: 1_700_000_000_000 + i,
  })
  const options = { compression: 'none', firstSequence: -1 } as const
  const make = (offset: number, count: number, attributes = 0): Buffer => {
    const made = plain(
      Array.from({ length: count }, (_, i) => record(i)),
      options,
    )
    if (!Buffer.isBuffer(made)) throw new Error('an uncompressed batch is encoded synchronously')
    made.writeBigInt64BE(BigInt(offset))
    made.writeInt16BE(attributes, 21)
    if (attributes !== 0) made.writeBigInt64BE(7n, 43)
    return made
  }
  return [
    make(2, 1),
    make(0, 9),
    Buffer.concat([make(2, 3), make(5, 1), make(6, 12)]),
    Buffer.concat([make(2, 2, TRANSACTIONAL), make(4, 1, TRANSACTIONAL | CONTROL), make(5, 2)]),
    Buffer.concat([make(2, 3), make(5, 9).subarray(0, 100)]),
  ]
}
