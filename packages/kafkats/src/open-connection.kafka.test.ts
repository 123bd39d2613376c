import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { crc32c } from '@node-rs/crc32'
import type { ProduceRecord } from '@snapstream/kafka/driver'
import { recordBatchEncoder } from '@snapstream/kafka/record-batch'
import type { Connection } from '@snapstream/kafka/wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openConnection } from './open-connection.ts'

const [address = 'localhost:29091'] = process.env['KAFKA_BROKERS']?.split(',') ?? []
const [host = '', port] = address.split(':')
const topic = `kafkats-${randomUUID()}`
const groupId = `kafkats-${randomUUID()}`
const settings = { brokers: [address], clientId: 'snapstream', connectTimeoutMs: 5000, requestTimeoutMs: 5000 }
const encode = recordBatchEncoder({ crc32c })
const { signal } = new AbortController()
const open = () =>
  openConnection({ nodeId: -1, host, port: Number(port) }, { settings, encode, checkWith: crc32c, signal })
const outsider = { groupId, memberId: '', groupInstanceId: undefined, generationId: -1 }

describe('on a real Kafka', () => {
  let connection: Connection
  const at = { topic, partition: 0 }
  const record = (value: string): ProduceRecord => ({
    key: null,
    value: Buffer.from(value),
    headers: [],
    timestamp: 1_700_000_000_000,
  })
  const produce = (values: readonly string[], more: object = {}) =>
    connection.produce({
      acks: -1,
      timeoutMs: 3000,
      compression: 'none',
      batches: [{ ...at, records: values.map(record), firstSequence: -1 }],
      ...more,
    })
  const fetch = (offset: number) =>
    connection.fetch({
      maxWaitMs: 300,
      maxBytes: 1 << 20,
      readCommitted: true,
      rackId: '',
      partitions: [{ ...at, offset, maxBytes: 1 << 20 }],
    })

  const config = { 'compression.type': 'producer' }
  const newTopic = { timeoutMs: 3000, topics: [{ topic, partitions: 2, replicationFactor: 1, config }] }
  const isReady = async () =>
    (await connection.metadata([topic])).topics[0]?.partitions.filter(({ leader }) => leader >= 0).length === 2

  beforeAll(async () => {
    connection = await open()
    await connection.createTopics(newTopic)
    for (let tries = 0; tries < 100 && !(await isReady()); tries++) await setTimeout(50)
  })
  afterAll(async () => {
    await connection.deleteTopics({ timeoutMs: 3000, topics: [topic] })
    await connection.close()
  })

  test('a topic is created once, and a second time is an error', async () => {
    expect(await isReady()).toBe(true)
    expect(await connection.createTopics(newTopic)).toMatchObject([
      { topic, errorCode: 36, message: expect.stringContaining('already exists') },
    ])
    const other = `kafkats-${randomUUID()}`
    const defaults = { topic: other, partitions: -1, replicationFactor: -1, config: {} }
    expect(await connection.createTopics({ timeoutMs: 3000, topics: [defaults] })).toEqual([
      { topic: other, errorCode: 0, message: undefined },
    ])
    const both = [other, `missing-${randomUUID()}`]
    const deleted = await connection.deleteTopics({ timeoutMs: 3000, topics: both })
    expect(new Map(deleted.map(({ topic, errorCode }) => [topic, errorCode]))).toEqual(
      new Map([
        [other, 0],
        [both[1], 3],
      ]),
    )
  })

  test('metadata lists topics and creates none', async () => {
    const missing = `missing-${randomUUID()}`
    const { brokers, controllerId, topics } = await connection.metadata([topic, missing])
    expect(brokers).toContainEqual({ nodeId: controllerId, host: expect.any(String), port: expect.any(Number) })
    expect(topics.find((one) => one.topic === topic)).toMatchObject({
      errorCode: 0,
      isInternal: false,
      partitions: expect.arrayContaining([
        { errorCode: 0, partition: 1, leader: controllerId, replicas: [controllerId], inSyncReplicas: [controllerId] },
      ]),
    })
    expect(topics.find((one) => one.topic === missing)?.errorCode).toBe(3)
    expect((await connection.metadata([])).topics).toEqual([])
    const all = new Set((await connection.metadata(null)).topics.map((one) => one.topic))
    expect([all.has(topic), all.has(missing)]).toEqual([true, false])
  })

  test('records are written and read in each compression, and without an acknowledgement', async () => {
    const sent = []
    const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
    for (const compression of compressions) {
      const values = Array.from({ length: 200 }, (_, i) => `${compression} ${i}`)
      expect(await produce(values, { compression })).toEqual([
        { ...at, errorCode: 0, recordErrors: [], baseOffset: sent.length },
      ])
      sent.push(...values)
    }
    expect(await produce(['unacknowledged'], { acks: 0 })).toEqual([])
    const end = { readCommitted: true, partitions: [{ ...at, timestamp: -1 }] }
    await expect.poll(() => connection.listOffsets(end)).toEqual([{ ...at, errorCode: 0, offset: sent.length + 1 }])
    const { errorCode, partitions } = await fetch(0)
    expect(errorCode).toBe(0)
    expect(partitions).toMatchObject([
      {
        ...at,
        errorCode: 0,
        aborted: [],
        endOffset: sent.length + 1,
        lastStableOffset: sent.length + 1,
        preferredReplica: -1,
        crc32c,
      },
    ])
    expect(partitions[0]?.records.length).toBeGreaterThan(1000)
    // A view of the answer, neither decoded nor copied.
    expect(partitions[0]?.records.byteOffset).toBeGreaterThan(0)
    const beyond = await fetch(1_000_000)
    expect(beyond.partitions).toMatchObject([{ ...at, errorCode: 1 }])
  })

  test('a broker that compresses anew reads what each compression wrote', async () => {
    const other = `kafkats-${randomUUID()}`
    const config = { 'compression.type': 'uncompressed' }
    await connection.createTopics({
      timeoutMs: 3000,
      topics: [{ topic: other, partitions: 1, replicationFactor: 1, config }],
    })
    for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const batches = [
        { topic: other, partition: 0, records: [record('a'), record('b'.repeat(200_000))], firstSequence: -1 },
      ]
      await expect.poll(() => produce([], { compression, batches })).toMatchObject([{ errorCode: 0 }])
    }
    const { partitions } = await connection.fetch({
      maxWaitMs: 300,
      maxBytes: 1 << 24,
      readCommitted: false,
      rackId: '',
      partitions: [{ topic: other, partition: 0, offset: 0, maxBytes: 1 << 24 }],
    })
    expect(partitions[0]?.records.length).toBeGreaterThan(4 * 200_000)
    await connection.deleteTopics({ timeoutMs: 3000, topics: [other] })
  })

  test('offsets are found by timestamp', async () => {
    await produce(['one'])
    const ask = async (timestamp: number) => {
      const partitions = [{ ...at, timestamp }]
      return (await connection.listOffsets({ readCommitted: false, partitions }))[0]?.offset
    }
    expect(await ask(-2)).toBe(0)
    expect(await ask(1_600_000_000_000.5)).toBe(0)
    expect(await ask(1_800_000_000_000)).toBe(-1)
    const missing = { readCommitted: false, partitions: [{ topic: 'missing-x', partition: 0, timestamp: -1 }] }
    expect(await connection.listOffsets(missing)).toMatchObject([{ errorCode: 3 }])
  })

  test('a batch that is sent twice is written once, and one out of order is refused', async () => {
    let identity = await connection.initProducerId()
    // A broker that has just started loads its coordinator first (14 COORDINATOR_LOAD_IN_PROGRESS).
    await expect.poll(async () => (identity = await connection.initProducerId()).errorCode, { timeout: 10_000 }).toBe(0)
    const { producerId, producerEpoch } = identity
    expect(producerEpoch).toBe(0)
    const send = (firstSequence: number) =>
      produce([], {
        producer: { producerId, producerEpoch },
        batches: [{ ...at, partition: 1, records: [record('a'), record('b')], firstSequence }],
      })
    expect(await send(0)).toMatchObject([{ errorCode: 0 }])
    expect(await send(0)).toMatchObject([{ errorCode: 0 }])
    expect(await send(2)).toMatchObject([{ errorCode: 0 }])
    expect(await send(7)).toMatchObject([{ errorCode: 45 }])
    const end = { readCommitted: false, partitions: [{ ...at, partition: 1, timestamp: -1 }] }
    expect(await connection.listOffsets(end)).toMatchObject([{ offset: 4 }])
  })

  test('a member joins a group, commits, and leaves', async () => {
    await expect.poll(async () => (await connection.findCoordinator(groupId)).errorCode, { timeout: 10_000 }).toBe(0)
    const metadata = Buffer.from([0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    const join = (memberId: string) =>
      connection.joinGroup({
        groupId,
        memberId,
        groupInstanceId: undefined,
        sessionTimeoutMs: 6000,
        rebalanceTimeoutMs: 6000,
        protocols: [{ name: 'range', metadata }],
      })
    let first = await join('')
    // MEMBER_ID_REQUIRED. The broker that is named as the coordinator may still be taking over the group.
    await expect.poll(async () => (first = await join('')).errorCode, { timeout: 10_000 }).toBe(79)
    const { errorCode, memberId, leaderId, generationId, members } = await join(first.memberId)
    expect({ errorCode, leaderId, members }).toEqual({
      errorCode: 0,
      leaderId: memberId,
      members: [{ memberId, metadata }],
    })
    const me = { groupId, memberId, generationId, groupInstanceId: undefined }
    const assignment = Buffer.from('assignment')
    expect(await connection.syncGroup({ ...me, assignments: [{ memberId, assignment }] })).toEqual({
      errorCode: 0,
      assignment,
    })
    expect(await connection.heartbeat(me)).toEqual({ errorCode: 0 })
    expect(await connection.heartbeat({ ...me, generationId: 99 })).toEqual({ errorCode: 22 })
    expect(await connection.offsetCommit({ ...me, offsets: [{ ...at, offset: 3 }] })).toEqual([{ ...at, errorCode: 0 }])
    const committed = await connection.offsetFetch({ groupId, partitions: [at, { topic, partition: 1 }] })
    expect(committed).toEqual({
      errorCode: 0,
      partitions: [
        { ...at, offset: 3, errorCode: 0 },
        { topic, partition: 1, offset: -1, errorCode: 0 },
      ],
    })
    const { groups } = await connection.listGroups()
    expect(groups).toContainEqual({ groupId, protocolType: 'consumer' })
    expect(await connection.describeGroups([groupId])).toMatchObject([
      {
        groupId,
        errorCode: 0,
        state: 'Stable',
        protocolType: 'consumer',
        members: [{ memberId, groupInstanceId: undefined, clientId: 'snapstream', assignment }],
      },
    ])
    expect(await connection.deleteGroups([groupId])).toEqual([{ groupId, errorCode: 68 }])
    expect(await connection.leaveGroup(me)).toEqual({ errorCode: 0 })
    expect(await connection.leaveGroup(me)).toEqual({ errorCode: 25 })
    expect(await connection.offsetCommit({ ...outsider, offsets: [{ ...at, offset: 1 }] })).toEqual([
      { ...at, errorCode: 0 },
    ])
    expect(await connection.deleteGroups([groupId])).toEqual([{ groupId, errorCode: 0 }])
  })

  test('a connection closes at once and rejects pending requests', async () => {
    const other = await open()
    const request = { maxWaitMs: 5000, maxBytes: 1000, readCommitted: false, rackId: '' }
    const [end] = await other.listOffsets({ readCommitted: false, partitions: [{ ...at, timestamp: -1 }] })
    const waiting = other.fetch({ ...request, partitions: [{ ...at, offset: end?.offset ?? 0, maxBytes: 1000 }] })
    const refused = waiting.catch((error: unknown) => error)
    const start = performance.now()
    await other.close()
    expect(await refused).toMatchObject({ code: 'BROKER_UNREACHABLE' })
    expect(performance.now() - start).toBeLessThan(1000)
    expect(other.isOpen()).toBe(false)
    await other.close()
    await expect(other.metadata([])).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' })
  })
})
