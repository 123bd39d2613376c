import { createApp } from '@snapstream/core'
import { afterEach, describe, expect, test } from 'vitest'
import { Conf, confDefaults } from '../conf/conf.ts'
import type { DriverClient, TransactionalProducer } from '../driver/driver.ts'
import { Topic } from '../topic/topic.ts'
import { createTestApp } from './index.ts'
import { CONSUMER } from './record-log.ts'

afterEach(() => Conf.reset())

/** A running app, and a client of its broker as the app has it. */
async function running(topics: Readonly<Record<string, number>> = {}) {
  const input = Topic('input', { groupId: 'g' })
  const app = createApp()
  app.snap(input)(() => {})
  const test = createTestApp({ app, topics })
  await test.start()
  return { test, input, client: clientOfApp() }
}

function clientOfApp(): DriverClient {
  const { driver } = confDefaults()
  if (driver === undefined) throw new Error('the app has no driver')
  return driver.client({ brokers: [], clientId: 'app', connectTimeoutMs: 1, requestTimeoutMs: 1 })
}

/** A producer of transactions, for topics that exist. */
async function producerOf(client: DriverClient, transactionalId: string): Promise<TransactionalProducer> {
  const producer = await client.transactionalProducer({
    transactionalId,
    transactionTimeoutMs: 10_000,
    deliveryTimeoutMs: 1000,
    compression: 'none',
  })
  for (const topic of ['input', 'output']) await producer.partitions(topic)
  return producer
}

const batch = (value: string, partition = 0, topic = 'output') => ({
  topic,
  partition,
  records: [{ key: null, value, headers: [], timestamp: 0 }],
})

const values = (records: readonly { readonly value: unknown }[]) => records.map(({ value }) => value)

describe('transactions in a test app', () => {
  test('a topic shows the records of transactions that are committed, in the order of the commits', async () => {
    const { test: app, client } = await running({ output: 2 })
    await using test = app
    const output = test.topic('output')
    const [one, other] = [await producerOf(client, 'a'), await producerOf(client, 'b')]
    await one.send([batch('one', 0)])
    await other.send([batch('other', 1), batch('behind', 0)])
    expect(await output.readAll()).toEqual([])
    await output.pipe('plain', { partition: 1 })
    expect(await output.readAll()).toEqual([])
    await other.commit()
    expect(values(await output.readAll())).toEqual(['other', 'plain'])
    await one.commit()
    expect(values(await output.readAll())).toEqual(['one', 'behind'])
    await one.send([batch('aborted', 0)])
    await one.abort()
    await one.send([batch('last', 0)])
    await one.commit()
    expect(values(await output.readAll())).toEqual(['last'])
  })

  test('lag counts what can be read', async () => {
    const { test: app, client, input } = await running()
    await using test = app
    const producer = await producerOf(client, 'a')
    await producer.send([batch('open', 0, 'input')])
    await test.run()
    expect(await test.topic(input).lag()).toBe(0)
    await producer.commit()
    expect(await test.topic(input).lag()).toBeGreaterThan(0)
    await test.advance(2000)
    expect(await test.topic(input).lag()).toBe(0)
  })

  test('a transaction of an app that dies stays open until its time-out', async () => {
    const { test: app, client } = await running()
    await using test = app
    const output = test.topic('output')
    const producer = await producerOf(client, 'a')
    await producer.send([batch('open')])
    await test.advance(4000)
    await test.crash()
    await output.pipe('behind')
    await test.advance(5999)
    expect(await output.readAll()).toEqual([])
    await test.advance(1)
    expect(values(await output.readAll())).toEqual(['behind'])
  })

  test('a transaction of an app that dies is ended by the next producer of its id', async () => {
    const { test: app, client } = await running()
    await using test = app
    const output = test.topic('output')
    const producer = await producerOf(client, 'a')
    await producer.send([batch('open')])
    await test.restart({ crash: true })
    await output.pipe('behind')
    expect(await output.readAll()).toEqual([])
    await producerOf(clientOfApp(), 'a')
    expect(values(await output.readAll())).toEqual(['behind'])
  })

  test.each([
    { title: 'the transaction of an app that died is ended by the next owner of its partitions', dies: true },
    { title: 'the transaction of an app that gave up its partitions is left alone by their next owner', dies: false },
  ])('$title', async ({ dies }) => {
    const { test: app, client } = await running({ source: 1 })
    await using test = app
    const read = async (of: DriverClient, transactionalId: string) => {
      const starts: number[] = []
      const consumer = await of.consumer({
        ...CONSUMER,
        groupId: 'copy',
        topics: ['source'],
        transactionalId,
        async assigned(partitions) {
          starts.push(...partitions.map(({ offset }) => offset))
        },
      })
      await test.run()
      return { consumer, starts }
    }
    const source = test.topic('source')
    for (const value of ['a', 'b', 'c']) await source.pipe(value)
    const at = (offset: number) => ({ topic: 'source', partition: 0, offset })
    const producer = await producerOf(client, 'first')
    const first = await read(client, 'first')
    await first.consumer.commitIn(producer, [at(1)])
    await producer.commit()
    await producer.send([batch('open')])
    if (dies) await test.restart({ crash: true })
    // A dead app does not close its producer in order.
    await first.consumer.close()
    await test.topic('output').pipe('behind')
    const second = await read(clientOfApp(), 'second')
    expect(second.starts).toEqual([1])
    expect(values(await test.topic('output').readAll())).toEqual(dies ? ['behind'] : [])
    await second.consumer.close()
  })
})
