import assert from 'node:assert/strict'
import type { Declare } from './harness.ts'
import { bytes, producerSettings, record } from './harness.ts'
import { assertError, assertWritten, rejects } from './rejects.ts'

export function recordTests(declare: Declare): void {
  declare('hands out the records that were sent, in order', async ({ topic, produce, reader, until }) => {
    const name = await topic(1)
    const values = Array.from({ length: 2500 }, (_, i) => `v${i}`)
    await produce(name, 0, values.slice(0, 1000))
    const { records } = await reader([name])
    await produce(name, 0, values.slice(1000))
    await until('all records', () => records.length >= values.length)
    assert.deepEqual(
      records.map(({ value }) => value),
      values,
    )
    assert.deepEqual(
      records.map(({ offset }) => offset),
      values.map((_, i) => i),
    )
  })

  declare('keeps null, empty and binary keys and values apart', async ({ topic, producer, consumer }) => {
    const name = await topic(1)
    const binary = Uint8Array.from([0, 255, 128, 10, 192])
    const pairs = [
      [null, null],
      [null, bytes('')],
      [bytes(''), null],
      [bytes('key'), null],
      [null, bytes('value')],
      [binary, binary],
    ] as const
    await producer.send([
      { topic: name, partition: 0, records: pairs.map(([key, value]) => record('', { key, value })) },
    ])
    const batch = await (await consumer([name])).poll()
    assert.equal(batch?.length, pairs.length)
    const plain = (content: Uint8Array | null) => content && [...content]
    assert.deepEqual(
      pairs.map((_, i) => [plain(batch.key(i)), plain(batch.value(i))]),
      pairs.map((pair) => pair.map(plain)),
    )
  })

  declare('keeps timestamps', async ({ topic, producer, reader, until }) => {
    const name = await topic(1)
    const now = Date.now()
    const timestamps = [now, now - 86_400_000, now + 5, now - 1, now - 3_000_000_000]
    const records = timestamps.map((timestamp) => record('x', { timestamp }))
    await producer.send([{ topic: name, partition: 0, records }])
    const read = await reader([name])
    await until('all records', () => read.records.length === timestamps.length)
    assert.deepEqual(
      read.records.map(({ timestamp }) => timestamp),
      timestamps,
    )
  })

  declare('keeps headers: order, repeats of a name, binary, empty and null values', async (harness) => {
    const { topic, producer, reader, until } = harness
    const name = await topic(1)
    const headers = [
      ['b', bytes('1')],
      ['a', Uint8Array.from([0, 255, 254])],
      ['b', bytes('2')],
      ['é', bytes('')],
      ['10', bytes('numeric')],
      ['2', bytes('numeric')],
      ['__proto__', bytes('x')],
      ['none', null],
      ['', null],
      ['none', bytes('')],
    ] as const
    const sent = [record('x', { headers }), record('none')]
    const results = await producer.send([{ topic: name, partition: 0, records: sent }])
    assert.deepEqual(results, [{ baseOffset: 0 }])
    const read = await reader([name])
    await until('both records', () => read.records.length === 2)
    // Compared by name: a client may write all headers of a name one after another.
    const byName = (pairs: readonly (readonly [string, readonly number[] | null])[]) =>
      pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    assert.deepEqual(
      byName(read.records[0]?.headers ?? []),
      byName(headers.map(([key, value]) => [key, value && [...value]] as const)),
    )
    assert.deepEqual(read.records[1]?.headers, [])
  })

  declare('tells the offset of the first record of each batch', async ({ topic, client, supports }) => {
    const name = await topic(2)
    for (const idempotence of supports.ignoredSettings.includes('idempotence') ? [false] : [false, true]) {
      const producer = await client.producer(producerSettings({ idempotence }))
      const partition = Number(idempotence)
      const send = async (values: readonly string[]) => {
        const [result] = await producer.send([
          { topic: name, partition, records: values.map((value) => record(value)) },
        ])
        if (result?.error) throw result.error
        return result?.baseOffset
      }
      assert.equal(await send(['a', 'b', 'c']), 0)
      assert.equal(await send(['d']), 3)
      assert.equal(await send(['e', 'f']), 4)
      await producer.close()
    }
  })

  declare('the caller may reuse its buffers once a send is acknowledged', async (harness) => {
    const { topic, producer, reader, until } = harness
    const name = await topic(1)
    const buffer = bytes('first')
    await producer.send([{ topic: name, partition: 0, records: [record('', { key: buffer, value: buffer })] }])
    buffer.fill(120)
    const read = await reader([name])
    await until('the record', () => read.records.length === 1)
    assert.equal(read.records[0]?.value, 'first')
    assert.equal(read.records[0]?.key, 'first')
  })

  declare('writes with each compression that it supports, and reads all of them', async (harness) => {
    const { topic, client, supports, reader, until } = harness
    const name = await topic(1)
    assert.ok(supports.compression.includes('none'))
    const expected: string[] = []
    for (const compression of supports.compression) {
      const producer = await client.producer(producerSettings({ compression }))
      try {
        const values = Array.from({ length: 300 }, (_, i) => `${compression} ${i} ${'x'.repeat(i)} é`)
        const records = values.map((value, i) =>
          record(value, { key: i % 2 ? null : bytes(`key ${i}`), headers: i % 3 ? [] : [['h', bytes(`header ${i}`)]] }),
        )
        assertWritten(await producer.send([{ topic: name, partition: 0, records }]))
        expected.push(...values)
      } finally {
        await producer.close()
      }
    }
    const read = await reader([name])
    await until('all records', () => read.records.length >= expected.length || read.error())
    assert.equal(read.error(), undefined)
    assert.deepEqual(read.values(), expected)
    for (const [i, { key, headers }] of read.records.entries()) {
      const n = i % 300
      assert.equal(key, n % 2 ? null : `key ${n}`)
      assert.deepEqual(headers, n % 3 ? [] : [['h', [...bytes(`header ${n}`)]]])
    }
  })

  declare('refuses a compression that it does not support', async ({ client, supports }) => {
    for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const)
      if (!supports.compression.includes(compression))
        await rejects('UNSUPPORTED', compression, () => client.producer(producerSettings({ compression })))
  })

  declare('writes with idempotence, batch after batch and side by side', async (harness) => {
    const { topic, client, supports, reader, until } = harness
    if (supports.ignoredSettings.includes('idempotence') && !supports.inProcess) return
    const name = await topic(4)
    const values = (partition: number, n: number) => Array.from({ length: 5 }, (_, i) => `${partition}/${n}/${i}`)
    const producers = [
      await client.producer(producerSettings({ idempotence: true })),
      await client.producer(producerSettings({ idempotence: true })),
    ]
    try {
      await Promise.all(
        [0, 1, 2, 3].map(async (partition) => {
          for (let n = 0; n < 10; n++) {
            const records = values(partition, n).map((value) => record(value))
            const results = await producers[partition % 2]?.send([{ topic: name, partition, records }])
            assert.deepEqual(results, [{ baseOffset: n * 5 }])
          }
        }),
      )
      // A refused batch leaves no gap in the sequence numbers of the batches behind it.
      const large = [record('', { value: new Uint8Array(3_000_000) })]
      const [refused] = (await producers[0]?.send([{ topic: name, partition: 0, records: large }])) ?? []
      assertError('RECORD_TOO_LARGE', name, refused?.error)
      assertWritten(await producers[0]?.send([{ topic: name, partition: 0, records: [record('last')] }]))
    } finally {
      await Promise.all(producers.map((producer) => producer.close()))
    }
    const read = await reader([name])
    await until('all records', () => read.records.length >= 201)
    for (const partition of [0, 1, 2, 3]) {
      const expected = Array.from({ length: 10 }, (_, n) => values(partition, n)).flat()
      if (partition === 0) expected.push('last')
      assert.deepEqual(
        read.records.filter((one) => one.partition === partition).map(({ value }) => value),
        expected,
      )
    }
  })

  declare('sends to several topics and partitions in one call', async ({ admin, topic, producer }) => {
    const [a, b] = [await topic(2), await topic(1)]
    const batch = (name: string, partition: number, n: number) => ({
      topic: name,
      partition,
      records: Array.from({ length: n }, () => record('x')),
    })
    const results = await producer.send([batch(a, 0, 1), batch(b, 0, 2), batch(a, 1, 3)])
    assert.deepEqual(results, [{ baseOffset: 0 }, { baseOffset: 0 }, { baseOffset: 0 }])
    const ends = async (name: string) => (await admin.offsets(name, 'latest')).map(({ offset }) => offset)
    assert.deepEqual([await ends(a), await ends(b)], [[1, 3], [2]])
  })

  declare('answers for each batch: one may fail and the others arrive', async (harness) => {
    const { admin, topic, producer, name } = harness
    const [good, missing] = [await topic(1), name('missing')]
    const results = await producer.send([
      { topic: missing, partition: 0, records: [record('x')] },
      { topic: good, partition: 0, records: [record('x')] },
      { topic: good, partition: 7, records: [record('x')] },
    ])
    assertError('TOPIC_MISSING', missing, results[0]?.error)
    assert.equal(results[1]?.error, undefined)
    assertError('KAFKA_FAILED', '7', results[2]?.error)
    assert.equal((await admin.offsets(good, 'latest'))[0]?.offset, 1)
    assert.ok(!(await admin.listTopics()).includes(missing), 'sending to a topic must not create it')
  })

  declare('refuses a record that is too large with an error that names it and is not retriable', async (harness) => {
    const { topic, producer } = harness
    const name = await topic(1)
    const [result] = await producer.send([
      { topic: name, partition: 0, records: [record('', { value: new Uint8Array(3_000_000) })] },
    ])
    assertError('RECORD_TOO_LARGE', name, result?.error)
    assert.ok(result?.error && !result.retriable)
    assertWritten(await producer.send([{ topic: name, partition: 0, records: [record('fits')] }]))
  })

  declare('reads very many small records of one batch', async ({ topic, producer, reader, until }) => {
    const name = await topic(1)
    const count = 110_000
    const value = new Uint8Array(0)
    const timestamp = Date.now()
    const records = Array.from({ length: count }, () => ({ key: null, value, headers: [], timestamp }))
    assertWritten(await producer.send([{ topic: name, partition: 0, records }]))
    const read = await reader([name])
    await until('all records', () => read.records.length >= count || read.error())
    assert.equal(read.error(), undefined)
    assert.equal(read.records.length, count)
    assert.ok(read.records.every(({ offset }, i) => offset === i))
  })
}
