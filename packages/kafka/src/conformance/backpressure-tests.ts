import assert from 'node:assert/strict'
import type { Declare } from './harness.ts'
import { holdingTwo, sleep } from './harness.ts'

export function backpressureTests(declare: Declare): void {
  declare('hands out at most two batches of a partition before one is released', async (harness) => {
    const { until } = harness
    const { batches, consumer, records } = await holdingTwo(harness)
    await sleep(300)
    assert.equal(batches.length, 2)
    for (let n = 2; records.length < 400; n++) {
      assert.ok(batches.length <= n)
      const batch = batches[n - 2]
      assert.ok(batch)
      consumer.release(batch)
      consumer.release(batch)
      await until('the next batch', () => batches.length > n || records.length === 400)
      await sleep(5)
      assert.ok(batches.length <= n + 1, 'releasing twice must not make room twice')
    }
    assert.deepEqual(
      records.map(({ offset }) => offset),
      records.map((_, i) => i),
    )
  })

  declare('a partition that is stuck does not hold up another', async ({ topic, produce, reader, until }) => {
    const name = await topic(2)
    for (let i = 0; i < 5; i++) await produce(name, 0, ['stuck'])
    const { records, batches } = await reader([name], { hold: ({ partition }) => partition === 0 })
    await until('the stuck batch', () => batches.length > 0)
    const delays: number[] = []
    for (let i = 1; i <= 20; i++) {
      await produce(name, 0, ['stuck'])
      const sent = performance.now()
      await produce(name, 1, [String(i)])
      await until('the other record', () => records.filter(({ partition }) => partition === 1).length === i)
      delays.push(performance.now() - sent)
    }
    // A partition that is held up waits for a fetch each time. One wait may be due to a busy machine.
    const median = delays.toSorted((a, b) => a - b)[delays.length >> 1] ?? Infinity
    assert.ok(median < 200, `delays of ${delays.join(', ')} ms`)
    assert.ok(batches.length <= 2)
  })

  declare('a batch says how many bytes of memory it holds', async ({ topic, produce, consumer }) => {
    const name = await topic(1)
    await produce(
      name,
      0,
      Array.from({ length: 100 }, () => 'x'.repeat(100)),
    )
    const batch = await (await consumer([name])).poll()
    assert.ok(batch && batch.bytes > batch.length * 100)
  })
}
