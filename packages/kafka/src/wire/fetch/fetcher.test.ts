import { afterEach, expect, test } from 'vitest'
import type { ConsumerSettings, RecordBatch, TopicPartition } from '../../driver/driver.ts'
import type { FetchedPartition } from '../../record-batch/fetched-partition.ts'
import { brokerUnreachable } from '../errors/connection-error.ts'
import { fetcher } from './fetcher.ts'
import type { Fetcher } from './fetcher.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Connection, FetchRequest } from '../protocol/connection.ts'

const settings: ConsumerSettings = {
  groupId: null,
  topics: ['t'],
  rackId: 'here',
  autoOffsetReset: 'earliest',
  sessionTimeoutMs: 1000,
  heartbeatIntervalMs: 100,
  rebalanceTimeoutMs: 1000,
  fetchMaxBytes: 1000,
  fetchMaxWaitMs: 10,
  maxDecompressedBytes: 1 << 20,
  isolationLevel: 'read_committed',
  assigned: async () => {},
  revoked: async () => {},
}

const stops: Fetcher[] = []
afterEach(() => {
  for (const reading of stops.splice(0)) reading.stop()
})

/** A record batch of one record with the value `a`. `attributes` may state a compression that the bytes do not have. */
function recordBatch(offset: number, attributes = 0): Buffer {
  const record = [14, 0, 0, 0, 1, 2, 97, 0]
  const bytes = Buffer.alloc(61 + record.length)
  bytes.writeBigInt64BE(BigInt(offset), 0)
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes[16] = 2
  bytes.writeInt16BE(attributes, 21)
  bytes.writeInt32BE(1, 57)
  bytes.set(record, 61)
  return bytes
}

/** A record batch of so many control records, whose offsets readers skip. */
function controlBatch(baseOffset: number, count: number): Buffer {
  const bytes = Buffer.alloc(61)
  bytes.writeBigInt64BE(BigInt(baseOffset), 0)
  bytes.writeInt32BE(61 - 12, 8)
  bytes[16] = 2
  bytes.writeInt16BE(0x20, 21)
  bytes.writeInt32BE(count - 1, 23)
  return bytes
}

type Answers = (node: number, request: FetchRequest) => Promise<readonly Partial<FetchedPartition>[]>

function read(answers: Answers, leaderOf: (at: TopicPartition) => number = () => 1) {
  const asked: string[] = []
  const errors: Error[] = []
  /** The requests for an offset to go on from. */
  let lookUps = 0
  let goOn = () => {}
  const goingOn = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const connectionTo = (node: number): Partial<Connection> => ({
    async fetch(request) {
      // A broker that answers at once needs some time, too.
      await new Promise((resolve) => setTimeout(resolve, 2))
      asked.push(...request.partitions.map(({ partition, offset }) => `${node}:${partition}@${offset}`))
      const partitions = await answers(node, request)
      const empty = { topic: 't', partition: 0, errorCode: 0, aborted: [], endOffset: 9, lastStableOffset: 7 }
      const none = { preferredReplica: -1, records: Buffer.alloc(0) }
      return { errorCode: 0, partitions: partitions.map((more) => ({ ...empty, ...none, ...more })) }
    },
    async listOffsets({ partitions }) {
      lookUps++
      await goingOn
      return partitions.map(({ topic, partition }) => ({ topic, partition, errorCode: 0, offset: 100 }))
    },
  })
  const cluster: Pick<Cluster, 'node' | 'nodeIds'> & { metadata: Partial<Cluster['metadata']> } = {
    async node(node) {
      if (node > 2) throw brokerUnreachable({ nodeId: node, host: 'n', port: 1 }, 'is not part of the cluster')
      return connectionTo(node) as Connection
    },
    nodeIds: () => [1, 2],
    metadata: { leaderOf, refresh: async () => {} },
  }
  const reading = fetcher({
    cluster: cluster as Cluster,
    settings: { ...settings, onOffsetOutOfRange: 'earliest' },
    patienceMs: 1000,
  })
  void reading.failed.then((error) => errors.push(error))
  stops.push(reading)
  const next = async () => {
    let batch = reading.take()
    await expect.poll(() => (batch ??= reading.take())).toBeDefined()
    return batch
  }
  return { reading, asked, errors, lookUps: () => lookUps, next, goOn }
}

test('reads from the replica that the leader names, and from the leader again when that fails', async () => {
  const fails = { replica: false }
  const { reading, asked, errors, lookUps } = read(async (node) => {
    if (node === 1) return [{ preferredReplica: fails.replica ? -1 : 2 }]
    // A replica that is behind does not have the offset yet.
    return fails.replica ? [{ errorCode: 1 }] : []
  })
  reading.add([{ topic: 't', partition: 0, offset: 5 }])
  await expect.poll(() => asked.length).toBeGreaterThan(3)
  expect(asked.slice(0, 4)).toEqual(['1:0@5', '2:0@5', '2:0@5', '2:0@5'])
  fails.replica = true
  await expect.poll(() => asked.at(-1)).toBe('1:0@5')
  expect(lookUps()).toBe(0)
  expect(errors).toEqual([])
})

test('a partition whose leader names an unknown replica is retried, and fails once patience is over', async () => {
  const { reading, asked, errors } = read(async () => [{ preferredReplica: 77 }])
  reading.add([{ topic: 't', partition: 0, offset: 5 }])
  await expect.poll(() => errors.length, { timeout: 5000 }).toBe(1)
  expect(errors[0]).toMatchObject({ code: 'BROKER_UNREACHABLE', topic: 't' })
  expect(new Set(asked)).toEqual(new Set(['1:0@5']))
  expect(asked.length).toBeLessThan(20)
})

test('with read_committed the end offset of a batch is that of the committed records', async () => {
  const { reading, next } = read(async () => [{ records: controlBatch(0, 3) }])
  reading.add([{ topic: 't', partition: 0, offset: 0 }])
  expect(await next()).toMatchObject({ length: 0, nextOffset: 3, endOffset: 7 })
})

test('an answer to a fetch is dropped if the partition was sought meanwhile', async () => {
  let answer = () => {}
  const first = new Promise<void>((resolve) => {
    answer = resolve
  })
  const { reading, next, asked } = read(async (_, { partitions }) => {
    const offset = partitions[0]?.offset ?? 0
    if (offset === 0) await first
    return [{ records: controlBatch(offset, 3) }]
  })
  reading.add([{ topic: 't', partition: 0, offset: 0 }])
  await expect.poll(() => asked.length).toBe(1)
  reading.seek({ topic: 't', partition: 0, offset: 50 })
  reading.seek({ topic: 't', partition: 9, offset: 50 })
  answer()
  expect(await next()).toMatchObject({ nextOffset: 53 })
  expect(asked.slice(0, 2)).toEqual(['1:0@0', '1:0@50'])
})

test('an offset to go on from is dropped for a partition that was sought meanwhile', async () => {
  const { reading, asked, lookUps, goOn } = read(async (_, { partitions }) =>
    partitions.some(({ offset }) => offset === 0) ? [{ errorCode: 1 }] : [],
  )
  reading.add([{ topic: 't', partition: 0, offset: 0 }])
  await expect.poll(lookUps).toBe(2)
  reading.seek({ topic: 't', partition: 0, offset: 50 })
  goOn()
  await expect.poll(() => asked.length).toBeGreaterThan(3)
  expect(new Set(asked)).toEqual(new Set(['1:0@0', '1:0@50']))
})

test('partitions that are added are read beside the others, which keep their positions', async () => {
  const { reading, asked } = read(async () => [])
  reading.add([{ topic: 't', partition: 0, offset: 5 }])
  reading.add([{ topic: 't', partition: 1, offset: 0 }])
  await expect.poll(() => asked.includes('1:1@0')).toBe(true)
  expect(new Set(asked)).toEqual(new Set(['1:0@5', '1:1@0']))
})

test('a partition that is removed is not read any more, and the answer to its fetch is dropped', async () => {
  let answer = () => {}
  const first = new Promise<void>((resolve) => {
    answer = resolve
  })
  const { reading, asked, errors } = read(async (_, { partitions }) => {
    await first
    return partitions.map(({ partition, offset }) => ({ partition, records: controlBatch(offset, 3) }))
  })
  reading.add([0, 1].map((partition) => ({ topic: 't', partition, offset: 0 })))
  await expect.poll(() => asked.length).toBe(2)
  reading.remove([{ topic: 't', partition: 0 }])
  answer()
  const seen: number[] = []
  for (let i = 0; i < 3; i++) {
    let batch = reading.take()
    await expect.poll(() => (batch ??= reading.take())).toBeDefined()
    if (!batch) break
    seen.push(batch.partition)
    reading.release(batch)
  }
  expect(seen).toEqual([1, 1, 1])
  expect(asked.filter((one) => one.startsWith('1:0@'))).toEqual(['1:0@0'])
  expect(errors).toEqual([])
})

test('each partition is the first of a request in turn', async () => {
  const firsts = new Set<number | undefined>()
  const { reading } = read(async (_, { partitions }) => {
    firsts.add(partitions[0]?.partition)
    return []
  })
  reading.add([0, 1, 2].map((partition) => ({ topic: 't', partition, offset: 0 })))
  await expect.poll(() => firsts.size).toBe(3)
})

test('an error that is not retriable ends the fetcher and names the topic', async () => {
  const { reading, errors } = read(async () => [{ errorCode: 29 }])
  reading.add([{ topic: 't', partition: 0, offset: 0 }])
  await expect.poll(() => errors.length).toBe(1)
  expect(errors[0]).toMatchObject({ code: 'AUTHENTICATION_REFUSED', topic: 't' })
})

test('a batch that cannot be read is one failed record, and reading goes on in all partitions', async () => {
  const { reading, errors } = read(async (_, { partitions }) =>
    partitions.map(({ partition, offset }) => ({
      partition,
      records: Buffer.concat([
        recordBatch(offset),
        recordBatch(offset + 1, partition === 1 && offset === 0 ? 1 : 0),
        recordBatch(offset + 2),
      ]),
    })),
  )
  reading.add([0, 1].map((partition) => ({ topic: 't', partition, offset: 0 })))
  const seen: unknown[][] = [[], []]
  await expect
    .poll(() => {
      const batch = reading.take()
      for (let i = 0; batch && i < batch.length; i++)
        seen[batch.partition]?.push(batch.error?.(i)?.offset ?? `ok ${batch.offset(i)}`)
      if (batch) reading.release(batch)
      return seen.every(({ length }) => length > 5)
    })
    .toBe(true)
  expect(seen[0]?.slice(0, 5)).toEqual(['ok 0', 'ok 1', 'ok 2', 'ok 3', 'ok 4'])
  expect(seen[1]?.slice(0, 5)).toEqual(['ok 0', 1, 'ok 2', 'ok 3', 'ok 4'])
  expect(errors).toEqual([])
})

test('a partition that cannot be read any further fails with an error that names it, once all earlier batches are released', async () => {
  const broken = recordBatch(6)
  broken.writeInt32BE(-12, 8)
  const { reading, errors, next } = read(async (_, { partitions }) =>
    partitions.map(({ partition, offset }) => ({
      partition,
      records: partition === 1 ? Buffer.concat([recordBatch(5), broken]) : recordBatch(offset),
    })),
  )
  reading.add([0, 1].map((partition) => ({ topic: 't', partition, offset: 5 })))
  const taken: RecordBatch[] = []
  while (!taken.some(({ partition }) => partition === 1)) {
    const batch = await next()
    if (batch) taken.push(batch)
  }
  // The other partition goes on.
  for (const batch of taken) if (batch.partition === 0) reading.release(batch)
  for (let last = 0; last < 9;) {
    const batch = await next()
    if (!batch) break
    expect(batch.partition).toBe(0)
    last = batch.offset(0)
    reading.release(batch)
  }
  expect(errors).toEqual([])
  for (const batch of taken) if (batch.partition === 1) reading.release(batch)
  await expect.poll(() => errors.length).toBe(1)
  expect(errors).toMatchObject([{ code: 'KAFKA_FAILED', topic: 't', partition: 1, offset: 6 }])
})

test('an error of one partition names that partition, whatever the others answer', async () => {
  const { reading, errors } = read(async () => [
    { partition: 0, records: controlBatch(0, 3) },
    { partition: 1, errorCode: 6 },
    { partition: 2, errorCode: 29 },
  ])
  reading.add([0, 1, 2].map((partition) => ({ topic: 't', partition, offset: 0 })))
  await expect.poll(() => errors.length).toBe(1)
  expect(errors[0]).toMatchObject({ code: 'AUTHENTICATION_REFUSED', topic: 't', partition: 2, offset: 0 })
})

test('an answer without the requested offset is an error, and is not requested again', async () => {
  const { reading, errors, asked } = read(async () => [{ records: controlBatch(0, 3) }])
  reading.add([{ topic: 't', partition: 0, offset: 5 }])
  await expect.poll(() => errors.length).toBe(1)
  expect(errors[0]).toMatchObject({ code: 'KAFKA_FAILED', partition: 0, offset: 5 })
  expect(asked).toEqual(['1:0@5'])
})

test('a batch with a wrong checksum is fetched once more, and then it is one failed record', async () => {
  const { asked, next, reading, errors } = read(async (_, { partitions }) =>
    partitions.map(({ offset }) => ({ records: recordBatch(offset), crc32c: () => (offset === 5 ? 1 : 0) })),
  )
  reading.add([{ topic: 't', partition: 0, offset: 5 }])
  expect((await next())?.error?.(0)).toMatchObject({ code: 'KAFKA_FAILED', partition: 0, offset: 5, nextOffset: 6 })
  expect((await next())?.offset(0)).toBe(6)
  expect(asked.slice(0, 3)).toEqual(['1:0@5', '1:0@5', '1:0@6'])
  expect(errors).toEqual([])
})
