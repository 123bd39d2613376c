import { createServer, connect as connectTo } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { producerSettings, record, withHarness } from '../conformance/harness.ts'
import type { Harness } from '../conformance/harness.ts'
import { changedDriver } from '../fixtures/transactions-on-kafka.ts'
import { kafkajs } from '../kafkajs/kafkajs-driver.ts'
import { brokerUnreachable } from './errors/connection-error.ts'

const brokers = process.env['KAFKA_BROKERS']?.split(',') ?? []
const onKafka = (run: (harness: Harness) => Promise<void>) => () => withHarness({ driver: kafkajs(), brokers }, run)
const client = { brokers, clientId: 'wire', connectTimeoutMs: 5000, requestTimeoutMs: 1000 }

/** A driver that loses the answers to some Produce requests, after the broker has written the batches. */
function losingDriver(lose: () => boolean) {
  return changedDriver((connection, address) => ({
    async produce(request) {
      const answers = await connection.produce(request)
      if (lose()) throw brokerUnreachable(address, 'lost an answer')
      return answers
    },
  }))
}

describe.skipIf(brokers.length === 0)('a wire driver on a real Kafka', () => {
  test.each([
    [true, ['a', 'b', 'c']],
    [false, ['a', 'b', 'b', 'c']],
  ])('a batch whose answer is lost, with idempotence %s', (idempotence, expected) =>
    onKafka(async ({ topic, reader, until }) => {
      const topicName = await topic(1)
      let losing = false
      const producer = await losingDriver(() => losing)
        .client(client)
        .producer(producerSettings({ idempotence }))
      const outcomes: boolean[] = []
      for (const value of ['a', 'b', 'c']) {
        losing = value === 'b'
        const batches = [{ topic: topicName, partition: 0, records: [record(value)] }]
        for (let sent = false; !sent; losing = false) {
          const [result] = await producer.send(batches)
          sent = result?.error === undefined
          outcomes.push(sent)
        }
      }
      expect(outcomes).toEqual([true, false, true, true])
      await producer.close()
      const { records, values } = await reader([topicName], { groupId: null })
      await until('all records', () => records.length >= expected.length)
      expect(values()).toEqual(expected)
    })(),
  )

  test(
    'other records after a batch that was given up are written, whatever became of that one',
    onKafka(async ({ topic, reader, until }) => {
      const topicName = await topic(1)
      let losing = true
      const producer = await losingDriver(() => losing)
        .client(client)
        .producer(producerSettings({ idempotence: true }))
      const send = (value: string) => producer.send([{ topic: topicName, partition: 0, records: [record(value)] }])
      expect((await send('given up'))[0]?.error).toBeDefined()
      losing = false
      expect(await send('other')).toEqual([{ baseOffset: 1 }])
      expect(await send('third')).toEqual([{ baseOffset: 2 }])
      await producer.close()
      const { records, values } = await reader([topicName], { groupId: null })
      await until('all records', () => records.length >= 3)
      expect(values()).toEqual(['given up', 'other', 'third'])
    }),
  )

  test(
    'in a rebalance members give up only what others get, and read and commit the rest meanwhile',
    onKafka(async ({ admin, topic, produce, reader, until, name }) => {
      const [topicName, groupId] = [await topic(4), name('group')]
      const given: number[] = []
      let finish = () => {}
      const finished = new Promise<void>((resolve) => {
        finish = resolve
      })
      const first = await reader([topicName], {
        groupId,
        async revoked(partitions) {
          given.push(...partitions.map(({ partition }) => partition))
          await finished
        },
      })
      await until('the first assignment', () => first.owned.size === 4)
      const second = await reader([topicName], { groupId })
      await until('the handover', () => given.length > 0)
      expect(given).toHaveLength(2)
      expect(second.owned.size).toBe(0)
      const kept = [0, 1, 2, 3].filter((partition) => !given.includes(partition))
      for (const partition of kept) await produce(topicName, partition, ['x'])
      await until('what it keeps', () => first.records.length === 2)
      await first.consumer.commit(kept.map((partition) => ({ topic: topicName, partition, offset: 1 })))
      expect((await admin.committed(groupId, [topicName])).map(({ partition }) => partition)).toEqual(kept)
      // A member that waits for partitions of others gets no event before it has them.
      expect(second.events).toEqual([])
      finish()
      await until('a share each', () => first.owned.size === 2 && second.owned.size === 2)
      expect(first.events).toEqual(['assigned', 'revoked...', 'revoked'])
      expect(second.events).toEqual(['assigned'])
    }),
  )

  test(
    'a static member comes back to its partitions, and no other member is asked to give up any',
    onKafka(async ({ topic, produce, reader, until, name }) => {
      const [topicName, groupId] = [await topic(2), name('group')]
      const first = await reader([topicName], { groupId, groupInstanceId: 'one' })
      await until('the first assignment', () => first.owned.size === 2)
      const second = await reader([topicName], { groupId, groupInstanceId: 'two' })
      await until('a share each', () => first.owned.size === 1 && second.owned.size === 1)
      const [mine] = [...second.owned]
      const before = first.events.length
      await second.close()
      const again = await reader([topicName], { groupId, groupInstanceId: 'two' })
      await until('the same assignment', () => again.owned.size === 1)
      expect([...again.owned]).toEqual([mine])
      for (const partition of [0, 1]) await produce(topicName, partition, ['x'])
      await until('both records', () => first.records.length === 1 && again.records.length === 1)
      expect(first.events.length).toBe(before)
    }),
  )

  test(
    'a static member whose name another takes ends with FENCED, and says which name',
    onKafka(async ({ topic, reader, until, name }) => {
      const [topicName, groupId] = [await topic(1), name('group')]
      const settings = { groupId, groupInstanceId: 'the-name' }
      const first = await reader([topicName], settings)
      await until('the assignment', () => first.owned.size === 1)
      const second = await reader([topicName], settings)
      await until('the error', first.error)
      expect(first.error()).toMatchObject({ code: 'FENCED', message: expect.stringContaining('the-name') })
      await until('the takeover', () => second.owned.size === 1)
      expect(second.error()).toBeUndefined()
    }),
  )

  test(
    'a connection that went dead without a word is given up, and another is made',
    onKafka(async ({ topic }) => {
      const topicName = await topic(1)
      const [host = '', port = ''] = (brokers[0] ?? '').split(':')
      const sockets: Socket[] = []
      let dead = false
      const proxy = createServer((from) => {
        const to = connectTo(Number(port), host)
        sockets.push(from, to)
        from.on('data', (bytes) => void (dead || to.write(bytes))).on('error', () => {})
        to.on('data', (bytes) => void (dead || from.write(bytes))).on('error', () => {})
      })
      await new Promise<void>((resolve) => {
        proxy.listen(0, '127.0.0.1', resolve)
      })
      const through = `127.0.0.1:${(proxy.address() as AddressInfo).port}`
      const admin = await kafkajs()
        .client({ ...client, brokers: [through], requestTimeoutMs: 500 })
        .admin()
      try {
        expect(await admin.listTopics()).toContain(topicName)
        dead = true
        const started = Date.now()
        expect(await admin.listTopics()).toContain(topicName)
        expect(await admin.listTopics()).toContain(topicName)
        expect(Date.now() - started).toBeLessThan(4000)
      } finally {
        await admin.close()
        for (const socket of sockets) socket.destroy()
        await new Promise((resolve) => {
          proxy.close(resolve)
        })
      }
    }),
  )
})
