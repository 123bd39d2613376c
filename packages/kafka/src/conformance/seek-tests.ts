import assert from 'node:assert/strict'
import type { RecordBatch } from '../driver/driver.ts'
import type { Declare } from './harness.ts'
import { holdingTwo, sleep } from './harness.ts'
import { assertError } from './rejects.ts'

const abc = ['a', 'b', 'c', 'd', 'e']

export function seekTests(declare: Declare): void {
  declare('seek moves one partition, backwards and forwards', async (harness) => {
    const { topic, produce, reader, until, name } = harness
    for (const groupId of [name('group'), null]) {
      const topicName = await topic(2)
      for (const partition of [0, 1]) await produce(topicName, partition, abc)
      const { consumer, records, error } = await reader([topicName], { groupId })
      const of = (partition: number) => records.filter((r) => r.partition === partition).map(({ value }) => value)
      await until('all records', () => records.length === 10)
      consumer.seek({ topic: topicName, partition: 0, offset: 3 })
      await until('the last two again', () => records.length === 12)
      assert.deepEqual(of(0), [...abc, 'd', 'e'])
      await produce(topicName, 0, ['f', 'g', 'h'])
      await until('the new ones', () => records.length === 15)
      consumer.seek({ topic: topicName, partition: 0, offset: 7 })
      await until('the last again', () => records.length === 16)
      assert.deepEqual(of(0), [...abc, 'd', 'e', 'f', 'g', 'h', 'h'])
      assert.deepEqual(of(1), abc)
      assert.equal(error(), undefined)
    }
  })

  declare('seek drops records that were fetched and not polled', async (harness) => {
    const { topic, fill, consumer } = harness
    const topicName = await topic(1)
    await fill(topicName, 10)
    const polling = await consumer([topicName], { fetchMaxBytes: 200_000 })
    const first = await polling.poll()
    assert.equal(first?.offset(0), 0)
    // By now the next batch may be waiting.
    await sleep(200)
    polling.seek({ topic: topicName, partition: 0, offset: 90 })
    const next = await polling.poll()
    assert.equal(next?.offset(0), 90)
    assert.equal(next.nextOffset, 100)
  })

  declare('batches that were handed out before a seek still have to be released', async (harness) => {
    const { until } = harness
    const { topicName, batches, consumer, records } = await holdingTwo(harness)
    consumer.seek({ topic: topicName, partition: 0, offset: 399 })
    await sleep(300)
    assert.equal(batches.length, 2)
    for (const batch of batches.slice(0, 2)) consumer.release(batch)
    await until('the record', () => batches.length === 3)
    assert.equal(records.at(-1)?.offset, 399)
    assert.equal(batches[2]?.length, 1)
  })

  declare('a seek takes precedence over the positions that assigned answers', async (harness) => {
    const { admin, topic, produce, reader, until, name } = harness
    const topicName = await topic(1)
    await produce(topicName, 0, abc)
    for (const groupId of [name('group'), null]) {
      const sought = later()
      let asked = false
      const seeking = await reader([topicName], {
        groupId,
        startOffset: () => 0,
        async assigned() {
          asked = true
          await sought.promise
          return [{ topic: topicName, partition: 0, offset: 1 }]
        },
      })
      await until('the assignment', () => asked)
      seeking.consumer.seek({ topic: topicName, partition: 0, offset: 3 })
      sought.resolve()
      await until('two records', () => seeking.records.length >= 2)
      assert.deepEqual(seeking.values(), ['d', 'e'])
      if (groupId !== null) assert.deepEqual(await admin.committed(groupId, [topicName]), [])
    }
  })

  declare('the committed offset follows a seek, also backwards', async (harness) => {
    const { admin, topic, produce, reader, until, name } = harness
    const [topicName, groupId] = [await topic(1), name('group')]
    await produce(topicName, 0, abc)
    const { consumer, records, close } = await reader([topicName], { groupId })
    await until('all records', () => records.length === 5)
    await consumer.commit([{ topic: topicName, partition: 0, offset: 5 }])
    consumer.seek({ topic: topicName, partition: 0, offset: 1 })
    await consumer.commit([{ topic: topicName, partition: 0, offset: 1 }])
    assert.equal((await admin.committed(groupId, [topicName]))[0]?.offset, 1)
    await close()
    const again = await reader([topicName], { groupId })
    await until('the rest', () => again.records.length === 4)
  })

  declare('a seek beyond the log is out of range; a seek of an unassigned partition does nothing', async (harness) => {
    const { topic, produce, reader, until } = harness
    const topicName = await topic(1)
    await produce(topicName, 0, abc)
    const { consumer, error, records } = await reader([topicName])
    await until('all records', () => records.length === 5)
    consumer.seek({ topic: topicName, partition: 7, offset: 0 })
    consumer.seek({ topic: `${topicName}-other`, partition: 0, offset: 0 })
    await sleep(200)
    assert.equal(records.length, 5)
    assert.equal(error(), undefined)
    consumer.seek({ topic: topicName, partition: 0, offset: 99 })
    await until('the error', error)
    assertError('OFFSET_OUT_OF_RANGE', '99', error())
  })

  declare('a batch carries the end offset of its partition', async ({ topic, produce, consumer }) => {
    const topicName = await topic(1)
    const polling = await consumer([topicName])
    await produce(topicName, 0, abc)
    const batch = await polling.poll()
    assert.ok(batch)
    assert.ok(batch.endOffset >= batch.nextOffset && batch.endOffset <= 5, `${batch.endOffset}`)
    let last: RecordBatch = batch
    for (polling.release(batch); last.nextOffset < 5; polling.release(last)) {
      const next = await polling.poll()
      assert.ok(next)
      last = next
    }
    assert.equal(last.endOffset, 5)
  })

  declare('reports the end offset of partitions that are empty or read to the end', async (harness) => {
    const topicName = await harness.topic(3)
    await harness.produce(topicName, 1, abc)
    const ends = new Map<number, number>()
    const { records } = await harness.reader([topicName], {
      onEndOffset: ({ topic, partition, offset }) => void (topic === topicName && ends.set(partition, offset)),
    })
    await harness.until('the ends', () => ends.size === 3 && records.length === 5)
    assert.deepEqual([ends.get(0), ends.get(1), ends.get(2)], [0, 5, 0])
  })
}

function later(): { readonly promise: Promise<void>; resolve(): void } {
  let settle = () => {}
  const promise = new Promise<void>((resolve) => {
    settle = resolve
  })
  return { promise, resolve: () => settle() }
}
