import assert from 'node:assert/strict'
import { SnapstreamError } from '@snapstream/core'
import type { ProduceResult, TransactionalProducer } from '../driver/driver.ts'
import type { Declare, Harness } from './harness.ts'
import { record } from './harness.ts'
import { assertError, rejects } from './rejects.ts'

const numbers = (count: number, prefix = 'v') => Array.from({ length: count }, (_, i) => `${prefix}${i}`)

/** Sends one batch as part of the open transaction. */
export async function send(
  producer: TransactionalProducer,
  topic: string,
  partition: number,
  values: readonly string[],
): Promise<void> {
  const [result] = await producer.send([{ topic, partition, records: values.map((value) => record(value)) }])
  if (result?.error) throw result.error
}

/** The code is one of those after which `abort` makes the producer ready again. */
export function assertAborted(error: unknown): void {
  assert.ok(SnapstreamError.is(error), `expected an error of the transaction, got ${String(error)}`)
  assert.ok(['FENCED', 'TRANSACTION_ABORTED'].includes(error.code), `${error.code}: ${error.message}`)
}

/** The outcome of a call that may reject. */
export const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )

/** Transactions of a producer, and what readers see of them. */
export function transactionTests(declare: Declare): void {
  declare('records of several topics and partitions become visible together, at the commit', async (harness) => {
    const { admin, topic, reader, until, transactionalProducer } = harness
    const [a, b] = [await topic(2), await topic(1)]
    const committed = await reader([a, b], { groupId: null })
    const uncommitted = await reader([a, b], { groupId: null, isolationLevel: 'read_uncommitted' })
    const producer = await transactionalProducer()
    assert.equal(await producer.partitions(a), 2)
    const results = await producer.send([
      { topic: a, partition: 0, records: [record('a0')] },
      { topic: a, partition: 1, records: [record('a1')] },
      { topic: b, partition: 0, records: [record('b0')] },
    ])
    assert.deepEqual(results, [{ baseOffset: 0 }, { baseOffset: 0 }, { baseOffset: 0 }])
    await send(producer, b, 0, ['b1', 'b2'])
    await until('the records', () => uncommitted.records.length === 5)
    assert.deepEqual(committed.values(), [])
    const ends = async (name: string) => (await admin.offsets(name, 'latest', 'read_committed')).map((at) => at.offset)
    assert.deepEqual([await ends(a), await ends(b)], [[0, 0], [0]])
    await producer.commit()
    await until('the records', () => committed.records.length >= 5)
    assert.deepEqual(new Set(committed.values()), new Set(['a0', 'a1', 'b0', 'b1', 'b2']))
    await until('the end', async () => (await ends(b))[0] === 4)
  })

  declare('records of an aborted transaction are skipped, with read_uncommitted they are read', async (harness) => {
    const { topic, produce, reader, until, transactionalProducer } = harness
    const topicName = await topic(1)
    const producer = await transactionalProducer()
    await produce(topicName, 0, ['before'])
    await send(producer, topicName, 0, numbers(3, 'aborted'))
    await producer.abort()
    await produce(topicName, 0, ['between'])
    await send(producer, topicName, 0, numbers(3, 'committed'))
    await producer.commit()
    await produce(topicName, 0, ['behind'])
    const visible = ['before', 'between', ...numbers(3, 'committed'), 'behind']
    const committed = await reader([topicName])
    const uncommitted = await reader([topicName], { isolationLevel: 'read_uncommitted' })
    await until('all records', () => committed.values().includes('behind') && uncommitted.values().includes('behind'))
    assert.deepEqual(committed.values(), visible)
    assert.deepEqual(uncommitted.values(), ['before', ...numbers(3, 'aborted'), ...visible.slice(1)])
  })

  declare('a reader stops at the first open transaction, and goes on when it has ended', async (harness) => {
    const { admin, topic, produce, reader, until, transactionalProducer } = harness
    const topicName = await topic(1)
    const [one, other] = [await transactionalProducer(), await transactionalProducer()]
    await produce(topicName, 0, ['before'])
    await send(one, topicName, 0, ['one'])
    await send(other, topicName, 0, ['other'])
    await produce(topicName, 0, ['behind'])
    await other.commit()
    const { values } = await reader([topicName])
    await until('the first record', () => values().length > 0)
    assert.equal((await admin.offsets(topicName, 'latest', 'read_committed'))[0]?.offset, 1)
    await send(one, topicName, 0, ['last of one'])
    assert.deepEqual(values(), ['before'])
    await one.abort()
    await until('the rest', () => values().length === 3)
    assert.deepEqual(values(), ['before', 'other', 'behind'])
  })

  declare('transactions of one producer right after one another', async (harness) => {
    const { topic, reader, until, transactionalProducer } = harness
    const topicName = await topic(2)
    const producer = await transactionalProducer()
    const { records } = await reader([topicName])
    for (let i = 0; i < 24; i++) {
      for (const partition of [0, 1]) await send(producer, topicName, partition, [`${i % 3 === 2 ? 'aborted' : i}`])
      await (i % 3 === 2 ? producer.abort() : producer.commit())
    }
    await until('all records', () => records.length >= 32)
    const kept = Array.from({ length: 24 }, (_, i) => `${i}`).filter((_, i) => i % 3 !== 2)
    for (const partition of [0, 1])
      assert.deepEqual(
        records.filter((one) => one.partition === partition).map(({ value }) => value),
        kept,
      )
  })

  declare('commit and abort of a transaction without records have no effect', async (harness) => {
    const { admin, topic, reader, until, transactionalProducer } = harness
    const topicName = await topic(1)
    const producer = await transactionalProducer()
    for (const end of [producer.commit, producer.abort, producer.commit]) await end()
    assert.equal((await admin.offsets(topicName, 'latest'))[0]?.offset, 0)
    await send(producer, topicName, 0, ['a'])
    await producer.commit()
    await producer.commit()
    const { values } = await reader([topicName])
    await until('the record', () => values().length > 0)
    assert.deepEqual(values(), ['a'])
  })

  declare('a large transaction is read completely, or not at all', async (harness) => {
    const { topic, produce, reader, until, transactionalProducer } = harness
    const topicName = await topic(3)
    const producer = await transactionalProducer({ compression: 'gzip' })
    const values = numbers(500, 'x'.repeat(500))
    for (const kind of ['aborted', 'committed']) {
      for (let i = 0; i < 8; i++) {
        const results = await producer.send(
          [0, 1, 2].map((partition) => ({
            topic: topicName,
            partition,
            records: values.map((value) => record(`${kind} ${i} ${value}`)),
          })),
        )
        // Behind the aborted records is the marker that ends their transaction.
        const baseOffset = i * 500 + (kind === 'aborted' ? 0 : 8 * 500 + 1)
        assert.deepEqual(results, [{ baseOffset }, { baseOffset }, { baseOffset }])
      }
      await (kind === 'aborted' ? producer.abort() : producer.commit())
    }
    for (const partition of [0, 1, 2]) await produce(topicName, partition, ['last'])
    const { records } = await reader([topicName], { fetchMaxBytes: 100_000 })
    await until('the end', () => records.filter(({ value }) => value === 'last').length === 3)
    for (const partition of [0, 1, 2]) {
      const read = records.filter((one) => one.partition === partition).map(({ value }) => value)
      assert.equal(read.length, 8 * 500 + 1)
      assert.deepEqual(
        read.slice(0, -1),
        numbers(8, 'committed ').flatMap((prefix) => values.map((value) => `${prefix} ${value}`)),
      )
    }
  })

  declare('a refused batch is not part of the transaction, and the others are', async (harness) => {
    const { topic, reader, until, transactionalProducer, name } = harness
    const topicName = await topic(2, { 'max.message.bytes': '1000' })
    const producer = await transactionalProducer()
    const [large, small] = await producer.send([
      { topic: topicName, partition: 0, records: [record('x'.repeat(2000))] },
      { topic: topicName, partition: 1, records: [record('small')] },
    ])
    assertError('RECORD_TOO_LARGE', topicName, large?.error)
    assert.equal(small?.error, undefined)
    const [missing] = await producer.send([{ topic: name('missing'), partition: 0, records: [record('x')] }])
    assertError('TOPIC_MISSING', 'does not exist', missing?.error)
    await send(producer, topicName, 0, ['after'])
    await producer.commit()
    const { values } = await reader([topicName])
    await until('both records', () => values().length === 2)
    assert.deepEqual(new Set(values()), new Set(['small', 'after']))
  })

  declare('the next producer of an id aborts what was open, and fences the one before it', async (harness) => {
    const { topic, produce, reader, until, transactionalProducer, name } = harness
    const topicName = await topic(1)
    const transactionalId = name('transaction')
    const first = await transactionalProducer({ transactionalId })
    await send(first, topicName, 0, ['of the first'])
    const second = await transactionalProducer({ transactionalId })
    await produce(topicName, 0, ['behind'])
    const { values } = await reader([topicName])
    await until('what is behind the transaction', () => values().includes('behind'))
    const [refused] = await first.send([{ topic: topicName, partition: 0, records: [record('refused')] }])
    assertError('FENCED', transactionalId, refused?.error)
    assertError('FENCED', transactionalId, await outcome(first.commit()))
    await send(second, topicName, 0, ['of the second'])
    await second.commit()
    await until('the record', () => values().includes('of the second'))
    assert.deepEqual(values(), ['behind', 'of the second'])
  })

  declare('a fenced producer is usable after abort, and fences the other one', async (harness) => {
    const { topic, reader, until, transactionalProducer, name } = harness
    const topicName = await topic(1)
    const transactionalId = name('transaction')
    const first = await transactionalProducer({ transactionalId })
    await send(first, topicName, 0, ['lost'])
    const second = await transactionalProducer({ transactionalId })
    assertError('FENCED', transactionalId, await outcome(first.commit()))
    await send(second, topicName, 0, ['lost as well'])
    await first.abort()
    await send(first, topicName, 0, ['kept'])
    await first.commit()
    assertError('FENCED', transactionalId, await outcome(second.commit()))
    await second.abort()
    await send(second, topicName, 0, ['last'])
    await second.commit()
    const { values } = await reader([topicName])
    await until('the records', () => values().includes('last'))
    assert.deepEqual(values(), ['kept', 'last'])
  })

  declare('an abandoned transaction times out; after abort its producer is ready again', async (harness) => {
    const { topic, produce, reader, until, transactionalProducer } = harness
    const topicName = await topic(1)
    // Brokers look for such transactions every ten seconds.
    const producer = await transactionalProducer({ transactionTimeoutMs: 200 })
    await send(producer, topicName, 0, ['abandoned'])
    await produce(topicName, 0, ['behind'])
    const { values } = await reader([topicName])
    await until('what is behind the transaction', () => values().length > 0)
    const results: ProduceResult[] = []
    for (let i = 0; i < 2; i++)
      results.push(...(await producer.send([{ topic: topicName, partition: 0, records: [record('refused')] }])))
    for (const { error } of results) assertAborted(error)
    assertAborted(await outcome(producer.commit()))
    await producer.abort()
    await send(producer, topicName, 0, ['after'])
    await producer.commit()
    await until('the record', () => values().includes('after'))
    assert.deepEqual(values(), ['behind', 'after'])
  })

  declare('a transaction that is open when its producer closes is ended by the next one', async (harness) => {
    const { topic, produce, reader, until, transactionalProducer, name } = harness
    const topicName = await topic(1)
    const transactionalId = name('transaction')
    const first = await transactionalProducer({ transactionalId })
    await send(first, topicName, 0, ['open'])
    const started = performance.now()
    await Promise.all([first.close(), first.close()])
    const took = performance.now() - started
    assert.ok(took < 1000, `closing took ${took} ms`)
    await produce(topicName, 0, ['behind'])
    await transactionalProducer({ transactionalId })
    const { values } = await reader([topicName])
    await until('what is behind the transaction', () => values().length > 0)
    assert.deepEqual(values(), ['behind'])
  })

  declare('a closed producer of transactions sends nothing', async ({ topic, admin, transactionalProducer }) => {
    const topicName = await topic(1)
    const producer = await transactionalProducer()
    await producer.close()
    const [result] = await producer.send([{ topic: topicName, partition: 0, records: [record('x')] }])
    assertError('NOT_OPEN', 'producer', result?.error)
    assert.ok(result?.error && !result.retriable)
    await rejects('NOT_OPEN', 'producer', () => producer.partitions(topicName))
    assert.equal((await admin.offsets(topicName, 'latest'))[0]?.offset, 0)
  })

  declare('a time-out that the brokers refuse is an error', async ({ transactionalProducer, name }: Harness) => {
    const transactionalId = name('transaction')
    await rejects('USAGE', transactionalId, () =>
      transactionalProducer({ transactionalId, transactionTimeoutMs: 2 ** 31 - 1 }),
    )
  })
}
