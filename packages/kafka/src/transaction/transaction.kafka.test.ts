import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Admin } from '../admin/admin.ts'
import { kafkajs } from '../kafkajs/index.ts'
import { Topic } from '../topic/topic.ts'
import { transaction } from './transaction.ts'

const conf = { brokers: process.env['KAFKA_BROKERS'] ?? 'localhost:29091' }
const names = ['orders', 'audit'].map((name) => `${name}-${randomUUID()}`) as [string, string]
const [orders, audit] = names.map((name) => Topic(name, { conf })) as [Topic<string>, Topic<string>]

beforeAll(async () => {
  await using admin = Admin(conf)
  for (const name of names) await admin.createTopic(name, { partitions: 3 })
})
afterAll(async () => {
  await using admin = Admin(conf)
  for (const name of names) await admin.deleteTopic(name)
})

async function valuesOf(topic: Topic<string>): Promise<string[]> {
  const values: string[] = []
  for await (const { value } of topic.slice()) values.push(value)
  return values.toSorted((a, b) => a.localeCompare(b))
}

test('transactions on a real Kafka are all or nothing, one after another and side by side', async () => {
  const write = (i: number) =>
    transaction(async (write) => {
      await write(orders, `${100 + i}`, { key: `${i}` })
      if (i % 5 === 0) throw new Error('no')
      void write(audit, `${100 + i}`)
    }).catch(() => {})
  for (let i = 0; i < 10; i++) await write(i)
  await Promise.all(Array.from({ length: 10 }, (_, i) => write(10 + i)))
  const written = Array.from({ length: 20 }, (_, i) => i)
    .filter((i) => i % 5 !== 0)
    .map((i) => `${100 + i}`)
  expect(await valuesOf(orders)).toEqual(written)
  expect(await valuesOf(audit)).toEqual(written)
})

test('a producer that takes the id ends the transaction, which rejects with FENCED', async () => {
  const transactionalId = `billing-${randomUUID()}`
  const before = await valuesOf(audit)
  const fenced = transaction(
    async (write) => {
      await write(audit, 'lost')
      await initialise(transactionalId)
    },
    { transactionalId },
  )
  await expect(fenced).rejects.toMatchObject({ code: 'FENCED' })
  expect(await valuesOf(audit)).toEqual(before)
  await transaction((write) => write(audit, 'kept'), { transactionalId })
  expect(await valuesOf(audit)).toEqual([...before, 'kept'])
})

/** Initialises an id, as another process does. */
async function initialise(transactionalId: string): Promise<void> {
  const client = kafkajs().client({
    brokers: [conf.brokers],
    clientId: 'other',
    connectTimeoutMs: 10_000,
    requestTimeoutMs: 10_000,
  })
  const settings = { transactionalId, transactionTimeoutMs: 10_000, deliveryTimeoutMs: 10_000 }
  const producer = await client.transactionalProducer({ ...settings, compression: 'none' })
  await producer.close()
}
