import assert from 'node:assert/strict'
import { createApp } from '@snapstream/core'
import type { SinkTarget } from '@snapstream/core'
import { Topic } from '../topic/topic.ts'
import { confOf, declareWith, record, sleep } from './harness.ts'
import type { ConformanceOptions, Harness, TestRunner } from './harness.ts'
import { openChangelog, openLog, readLog } from './read-log.ts'
import { rejects } from './rejects.ts'

/** Changelogs of stores, and logs of tables: what is restored is exactly what was acknowledged, or committed. */
export function changelogConformance(runner: TestRunner, options: ConformanceOptions): void {
  const { test, describe = (_, run) => run() } = runner
  const conf = confOf(options)
  const declare = declareWith(test, options)

  /** A source with three partitions, and the changelog of a store that it feeds. The harness deletes both. */
  async function given({ topic, name, admin }: Harness) {
    const input = await topic(3)
    const groupId = name('group')
    const source = Topic(input, { groupId, until: 'end', conf })
    const open = (more: Parameters<typeof openChangelog>[0] = {}) => openChangelog({ sources: [source], ...more })
    const changelogTopic = `${groupId}-counts-changelog`
    const remove = () => admin.deleteTopics([changelogTopic])
    return { input, groupId, source, changelogTopic, open, remove }
  }

  describe(`changelogs over the ${options.driver.name} driver`, () => {
    declare('restores what was acknowledged, from any offset, also after it was opened again', async (harness) => {
      const { open, remove } = await given(harness)
      const first = await open()
      for (let i = 0; i < 3000; i++) await first.send(i % 2, `k${i}`, `${i}`)
      await first.send(2, 'gone', null)
      assert.deepEqual(
        [...(await first.flush())],
        [
          [0, 1500],
          [1, 1500],
          [2, 1],
        ],
      )
      await first.send(2, Buffer.from('k'), Buffer.from('later'))
      assert.deepEqual([...(await first.flush())], [[2, 2]])
      await first.close()
      const again = await open()
      assert.deepEqual([again.id, again.partitions], [first.id, 3])
      const odd = Array.from({ length: 1500 }, (_, i) => `${2 * i + 1}`)
      const all = await Promise.all([0, 1, 2].map((partition) => readLog(again, partition)))
      assert.deepEqual(all[1]?.records, odd)
      assert.deepEqual(all[2]?.records, [null, 'later'])
      assert.deepEqual((await readLog(again, 1, 1400)).records, odd.slice(1400))
      assert.deepEqual(await readLog(again, 1, 1500), { records: [], start: 0, next: 1500, end: 1500 })
      await again.close()
      await remove()
    })

    declare('restores the records of committed transactions only, once those under way have ended', async (harness) => {
      const { open, remove, changelogTopic } = await given(harness)
      const changelog = await open()
      const transactionalId = harness.name('transaction')
      const write = async (
        producer: Awaited<ReturnType<Harness['transactionalProducer']>>,
        values: readonly string[],
      ) => {
        const records = values.map((value) => record(value, { key: Buffer.from(value) }))
        const [result] = await producer.send([{ topic: changelogTopic, partition: 1, records }])
        if (result?.error) throw result.error
      }
      const killed = await harness.transactionalProducer({ transactionalId })
      await write(killed, ['a', 'b'])
      await killed.commit()
      await write(killed, ['lost'])
      await killed.abort()
      await write(killed, ['c'])
      await killed.commit()
      await write(killed, ['killed'])
      await killed.close()
      let isRestored = false
      const restoring = readLog(changelog, 1).finally(() => (isRestored = true))
      await sleep(200)
      assert.equal(isRestored, false)
      // The next owner of the partition ends the transaction that was left open.
      const next = await harness.transactionalProducer({ transactionalId })
      const { records, next: behind, end } = await restoring
      assert.deepEqual(records, ['a', 'b', 'c'])
      assert.ok(behind >= end)
      await write(next, ['d'])
      await next.commit()
      assert.deepEqual((await readLog(changelog, 1, behind)).records, ['d'])
      await changelog.close()
      await remove()
    })

    declare('writes in the transaction of a stream, and knows the offsets of what was committed', async (harness) => {
      const { open, remove, input, source } = await given(harness)
      for (const partition of [0, 1, 2])
        await harness.produce(
          input,
          partition,
          Array.from({ length: 500 }, (_, i) => `${partition}-${i}`),
        )
      const offsets = new Map<number, number>()
      const app = createApp()
      app.snap(source, { sink: [sinkOf(source, offsets)] })(({ value }) => value ?? '')
      await app.stream({}, { checkpointMs: 20 })
      const changelog = await open()
      for (const partition of [0, 1, 2]) {
        const { records, next } = await readLog(changelog, partition)
        assert.deepEqual(
          records,
          Array.from({ length: 500 }, (_, i) => `${partition}-${i}`),
        )
        const offset = offsets.get(partition) ?? 0
        // Behind the last record is the marker of its transaction.
        assert.ok(offset >= 500 && offset < next, `${offset} of ${next}`)
        assert.deepEqual((await readLog(changelog, partition, offset)).records, [])
      }
      await changelog.close()
      await remove()
    })

    declare('knows a topic that was deleted and created again, whose offsets are others', async (harness) => {
      const { open, remove } = await given(harness)
      const first = await open()
      for (let i = 0; i < 5; i++) await first.send(0, `k${i}`, `${i}`)
      await first.flush()
      await first.close()
      await remove()
      const again = await open()
      assert.notEqual(again.id, first.id)
      await rejects('OFFSET_OUT_OF_RANGE', again.topic, () => readLog(again, 0, 5))
      assert.deepEqual((await readLog(again, 0)).records, [])
      await again.close()
      await remove()
    })

    declare('refuses other numbers of partitions by name', async (harness) => {
      const { open, remove, changelogTopic, source } = await given(harness)
      await harness.admin.createTopics([{ topic: changelogTopic, partitions: 2 }])
      await rejects('USAGE', `"${changelogTopic}" of the store "counts" has 2 partitions`, () => open())
      const other = Topic(await harness.topic(4), { conf })
      await rejects('USAGE', 'has 4 partitions', () => openLog(other, [source]))
      await remove()
    })

    declare('follows a table', async (harness) => {
      const { produce, topic, until } = harness
      const name = await topic(2)
      await produce(name, 1, ['a', 'b'])
      const log = await openLog(Topic(name, { conf }))
      const stops = new AbortController()
      const seen: unknown[] = []
      const following = (async () => {
        for await (const batch of log.read(1, { from: undefined, follow: true, signal: stops.signal }))
          for (let i = 0; i < batch.length; i++) seen.push(log.decodeValue(batch.value(i) ?? new Uint8Array(0), null))
      })()
      await until('the table', () => seen.length === 2)
      await produce(name, 0, ['other'])
      await produce(name, 1, ['c'])
      await until('the update', () => seen.length === 3)
      assert.deepEqual(seen, ['a', 'b', 'c'])
      stops.abort()
      await following
      await log.close()
    })
  })
}

/** A store that writes each value to its changelog, exactly once, and notes the offsets that its folder would have. */
function sinkOf(source: unknown, offsets: Map<number, number>): SinkTarget<string> {
  const held = new Map<unknown, (() => void)[]>()
  return {
    async '~snapstream.sink'({ host, scope, signal, trouble }) {
      const changelog = await openChangelog({ host, scope, signal, trouble, sources: [source], exactlyOnce: true })
      const { transaction } = changelog
      assert.ok(transaction)
      return {
        ...transaction,
        write(value, origin) {
          const partition = changelog.partitionOfLane(origin?.lane ?? '')
          const sends = held.get(origin) ?? []
          held.set(origin, sends)
          sends.push(() => void changelog.send(partition, value, value))
        },
        undo: (origin) => void held.delete(origin),
        release(origin) {
          for (const send of held.get(origin) ?? []) send()
          held.delete(origin)
          return transaction.release?.(origin)
        },
        async flush(checkpoint) {
          const flushed = await transaction.flush(checkpoint)
          for (const [partition, offset] of await changelog.flush()) offsets.set(partition, offset)
          return flushed
        },
        close: () => changelog.close(),
      }
    },
  }
}
