import { Decoder, responses } from '@kafkats/client'
import type { Broker } from '@kafkats/client'
import type { FetchedPartition } from '@snapstream/kafka/record-batch'
import { unreadable } from '@snapstream/kafka/wire'
import { readFetchAnswer } from '@snapstream/kafka/src/kafkajs/fetch-requests.ts'
import { fetchRequests } from '@snapstream/kafkats/src/fetch-requests.ts'
import type { Target } from '../target.ts'
import { readPartition, sampleBatches, wordOf } from './record-batch.ts'

/** The versions of Fetch; KafkaJS supports those up to 11. */
const [FIRST_VERSION, LAST_OF_KAFKAJS, LAST_VERSION] = [4, 11, 12]
const VERSIONS = LAST_VERSION - FIRST_VERSION + 1
const BROKER = { nodeId: 1, host: 'broker', port: 9092 }
/** Bounds the time of one input: a response of a few kilobytes can claim many partitions. */
const MAX_PARTITIONS = 20

/** Complete responses to Fetch through the decoders of both drivers. The first byte of an input selects the version. */
export const fetchAnswer: Target = {
  name: 'fetch-answer',
  about: 'responses of a broker to Fetch, through both drivers',
  maxBytes: 8192,
  seeds: () =>
    [4, 5, 7, 11].flatMap((version) =>
      sampleBatches().map((records, i) => answerOf(version, i % 2 === 0 ? [records] : [Buffer.alloc(0), records])),
    ),
  open(planted) {
    return async (input) => {
      const version = FIRST_VERSION + ((input[0] ?? 0) % VERSIONS)
      const bytes = Buffer.from(input.subarray(1))
      const words = [await read(() => throughKafkats(version, bytes), planted)]
      if (version <= LAST_OF_KAFKAJS)
        words.push(await read(async () => readFetchAnswer({ apiVersion: version, bytes }), planted))
      return words.join(' | ')
    }
  },
}

interface Answer {
  readonly partitions: readonly FetchedPartition[]
}

async function read(answer: () => Promise<Answer>, planted: boolean): Promise<string> {
  let partitions: readonly FetchedPartition[]
  try {
    ;({ partitions } = await answer())
  } catch (error) {
    return wordOf(error)
  }
  const words = new Set<string>()
  for (const fetched of partitions.slice(0, MAX_PARTITIONS)) {
    // Deliberate bug: a driver does not check the topic of a partition.
    if (planted && fetched.records.length > 0 && fetched.topic !== 'orders')
      throw new Error('records of another topic were read')
    words.add(await readPartition(fetched, 2, false))
  }
  return [...words].join(' + ')
}

async function throughKafkats(version: number, bytes: Buffer): Promise<Answer> {
  const broker = { fetch: async () => responses.decodeFetchResponse(new Decoder(bytes), version) }
  const { fetch } = fetchRequests(
    broker as unknown as Broker,
    async (api, send) => {
      try {
        return await send()
      } catch (error) {
        throw unreadable(error, BROKER, api)
      }
    },
    undefined,
  )
  return fetch({ maxWaitMs: 0, maxBytes: 1, readCommitted: true, rackId: '', partitions: [] })
}

/** A response with partitions of one topic, after the byte that selects the version. */
function answerOf(version: number, partitions: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [Buffer.of(version - FIRST_VERSION)]
  const int = (bytes: 2 | 4 | 8, ...values: number[]): void => {
    for (const value of values) {
      const part = Buffer.alloc(bytes, value < 0 ? 0xff : 0)
      part.writeInt16BE(value, bytes - 2)
      parts.push(part)
    }
  }
  int(4, 0)
  if (version >= 7) {
    int(2, 0)
    int(4, 0)
  }
  int(4, 1)
  int(2, 6)
  parts.push(Buffer.from('orders'))
  int(4, partitions.length)
  for (const [partition, records] of partitions.entries()) {
    int(4, partition)
    int(2, 0)
    int(8, 100, 100, ...(version >= 5 ? [0] : []))
    int(4, 1)
    int(8, 7, 2)
    if (version >= 11) int(4, -1)
    int(4, records.length)
    parts.push(records)
  }
  return Buffer.concat(parts)
}
