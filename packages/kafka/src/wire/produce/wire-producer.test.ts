import { describe, expect, test } from 'vitest'
import type { ProduceBatch, ProducerSettings } from '../../driver/driver.ts'
import { brokerUnreachable } from '../errors/connection-error.ts'
import type { Connection, ProduceRequest, TopicMetadata } from '../protocol/connection.ts'
import { wireProducer } from './wire-producer.ts'

const NODE = { nodeId: 1, host: 'n', port: 1 }
const client = { brokers: ['n:1'], clientId: 'c', connectTimeoutMs: 500, requestTimeoutMs: 1000 }

/** The broker's answer to a request; `'lost'`: the broker writes the batches, and its answer is lost. */
type Fate = number | 'lost'

/** A broker of one topic with two partitions, which keeps the records that it receives. */
function broker(fates: Fate[] = []) {
  const log: string[][] = [[], []]
  const requests: ProduceRequest[] = []
  const state = { producers: 0, topics: ['t'] }
  const describeTopic = (topic: string): TopicMetadata => ({
    topic,
    errorCode: state.topics.includes(topic) ? 0 : 3,
    isInternal: false,
    partitions: !state.topics.includes(topic)
      ? []
      : [0, 1].map((partition) => ({ partition, errorCode: 0, leader: 1, replicas: [1], inSyncReplicas: [1] })),
  })
  const connection: Partial<Connection> = {
    isOpen: () => true,
    close: async () => {},
    metadata: async (topics) => ({ brokers: [NODE], controllerId: 1, topics: (topics ?? []).map(describeTopic) }),
    initProducerId: async () => ({ errorCode: 0, producerId: ++state.producers, producerEpoch: 0 }),
    async produce(request) {
      requests.push(request)
      const fate = fates.shift() ?? 0
      for (const { partition, records } of request.batches)
        if (fate === 0 || fate === 'lost') log[partition]?.push(...records.map(({ value }) => String(value)))
      if (fate === 'lost') throw brokerUnreachable(NODE, 'went away')
      return request.batches.map(({ topic, partition }) => ({ topic, partition, errorCode: fate }))
    },
  }
  const open = (more: Partial<ProducerSettings> = {}) =>
    wireProducer(async () => connection as Connection, client, {
      acks: -1,
      compression: 'none',
      idempotence: true,
      ...more,
    })
  /** The producer id and the sequence of each batch that arrived, in order. */
  const numbers = () =>
    requests.flatMap(({ producer, batches }) =>
      batches.map(({ partition, firstSequence }) => [producer?.producerId, partition, firstSequence]),
    )
  return { open, log, numbers, state, requests }
}

const batch = (text: string, partition = 0): ProduceBatch => ({
  topic: 't',
  partition,
  records: [{ key: null, value: Buffer.from(text), headers: [], timestamp: 0 }],
})

describe('with idempotence', () => {
  test('the producer id is asked for once, and sequences count records', async () => {
    const { open, numbers, state } = broker()
    const producer = await open()
    expect(await producer.send([batch('a'), batch('b', 1)])).toEqual([{}, {}])
    expect(await producer.send([batch('c')])).toEqual([{}])
    expect(numbers()).toEqual([
      [1, 0, 0],
      [1, 1, 0],
      [1, 0, 1],
    ])
    expect(state.producers).toBe(1)
    await producer.close()
  })

  test('a batch whose answer was lost is sent again with the same sequence', async () => {
    const { open, numbers } = broker(['lost', 0])
    const producer = await open()
    const one = batch('a')
    expect(await producer.send([one])).toMatchObject([{ error: { code: 'BROKER_UNREACHABLE' }, retriable: true }])
    expect(await producer.send([one])).toEqual([{}])
    expect(await producer.send([batch('b')])).toEqual([{}])
    expect(numbers()).toEqual([
      [1, 0, 0],
      [1, 0, 0],
      [1, 0, 1],
    ])
  })

  test('a duplicate counts as written if the batch was sent before', async () => {
    const { open, numbers } = broker(['lost', 46, 46, 0])
    const producer = await open()
    const one = batch('a')
    await producer.send([one])
    expect(await producer.send([one])).toEqual([{}])
    // Without an earlier attempt the broker means other records, and these would be lost.
    const two = batch('b')
    expect(await producer.send([two])).toMatchObject([{ retriable: true }])
    expect(await producer.send([two])).toEqual([{}])
    expect(numbers()).toEqual([
      [1, 0, 0],
      [1, 0, 0],
      [1, 0, 1],
      [2, 0, 0],
    ])
  })

  test('records after a batch that was given up are sent under another producer id', async () => {
    const { open, numbers, log } = broker(['lost', 0])
    const producer = await open()
    await producer.send([batch('given up')])
    expect(await producer.send([batch('other')])).toEqual([{}])
    expect(numbers()).toEqual([
      [1, 0, 0],
      [2, 0, 0],
    ])
    expect(log[0]).toEqual(['given up', 'other'])
  })

  test('batches of two producer ids are sent in two requests', async () => {
    const { open, requests } = broker(['lost', 0, 0])
    const producer = await open()
    const retried = batch('b', 1)
    await producer.send([batch('given up'), retried])
    expect(await producer.send([batch('other'), retried])).toEqual([{}, {}])
    expect(requests.slice(1).map(({ producer, batches }) => [producer?.producerId, batches.length])).toEqual([
      [2, 1],
      [1, 1],
    ])
  })

  test.each([45, 59])('error %i has the batch sent again from 0 under another producer id', async (errorCode) => {
    const { open, numbers } = broker([0, errorCode, 0])
    const producer = await open()
    await producer.send([batch('a')])
    const two = batch('b')
    expect(await producer.send([two])).toMatchObject([{ retriable: true }])
    expect(await producer.send([two])).toEqual([{}])
    expect(numbers().at(-1)).toEqual([2, 0, 0])
  })

  test('a batch that the broker refused has used no sequence', async () => {
    const { open, numbers } = broker([6, 0])
    const producer = await open()
    expect(await producer.send([batch('a')])).toMatchObject([{ retriable: true }])
    expect(await producer.send([batch('b')])).toEqual([{}])
    expect(numbers()).toEqual([
      [1, 0, 0],
      [1, 0, 0],
    ])
  })

  test('acks other than all are refused with USAGE', async () => {
    await expect(broker().open({ acks: 1 })).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('without idempotence', () => {
  test('no producer id is asked for', async () => {
    const { open, numbers, state } = broker()
    const producer = await open({ idempotence: false })
    expect(await producer.send([batch('a')])).toEqual([{}])
    expect(numbers()).toEqual([[undefined, 0, -1]])
    expect(state.producers).toBe(0)
  })

  test.each([
    [10, 'RECORD_TOO_LARGE', false],
    [19, 'KAFKA_FAILED', true],
    [46, 'KAFKA_FAILED', false],
  ])('error %i becomes %s, retriable: %s', async (errorCode, code, retriable) => {
    const producer = await broker([errorCode]).open({ idempotence: false })
    expect(await producer.send([batch('a')])).toMatchObject([{ error: { code, topic: 't', partition: 0 }, retriable }])
  })
})

test('TOPIC_MISSING is retriable if the metadata has the topic, and final if it is gone', async () => {
  const { open, state } = broker([3, 3])
  const producer = await open()
  expect(await producer.send([batch('a')])).toMatchObject([{ error: { code: 'TOPIC_MISSING' }, retriable: true }])
  state.topics = []
  const gone = await producer.send([batch('a')])
  expect(gone).toMatchObject([{ error: { code: 'TOPIC_MISSING', topic: 't' }, retriable: false }])
})

test('a batch for a partition that does not exist fails with KAFKA_FAILED', async () => {
  const producer = await broker().open()
  expect(await producer.send([batch('a', 7)])).toMatchObject([{ error: { code: 'KAFKA_FAILED' }, retriable: false }])
})

test('a batch is refused with NOT_OPEN after close', async () => {
  const { open, requests } = broker()
  const producer = await open()
  await producer.close()
  expect(await producer.send([batch('a')])).toMatchObject([{ error: { code: 'NOT_OPEN' }, retriable: false }])
  expect(requests).toEqual([])
})
