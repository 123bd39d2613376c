import assert from 'node:assert/strict'
import { createApp } from '@snapstream/core'
import type { StreamOptions } from '@snapstream/core'
import { Topic } from '../topic/topic.ts'
import type { TopicRecord } from '../record/topic-record.ts'
import { declareWith, sleep } from './harness.ts'
import { logShapes } from './log-shapes.ts'
import type { ConformanceOptions, Harness, TestRunner } from './harness.ts'

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}`)

/**
 * How a topic is read over a driver while it is sought, paused and rebalanced, and in a loop. It needs a real Kafka or an
 * equivalent.
 */
export function readingConformance(runner: TestRunner, options: ConformanceOptions): void {
  const { test, describe = (_, run) => run() } = runner
  // Members hear of a rebalance in the answer to a heartbeat.
  const conf = { driver: options.driver, brokers: [...options.brokers], heartbeatIntervalMs: 200 }
  const declare = declareWith(test, options)

  /** Runs a handler over a topic until it is stopped. */
  function follow(
    topic: Topic<string>,
    options: StreamOptions = {},
    handler: (record: TopicRecord<string>) => unknown = () => {},
  ) {
    const app = createApp()
    app.snap(topic)(async (record) => void (await handler(record)))
    const stopping = new AbortController()
    let failure: unknown
    const running = app
      .stream({}, { signal: stopping.signal, checkpointMs: 100, ...options })
      .catch((error: unknown) => (failure = error))
    return {
      app,
      check() {
        if (failure) throw failure
      },
      async stop() {
        stopping.abort()
        await running
        if (failure) throw failure
      },
    }
  }

  async function reading(harness: Harness, partitions: number, count: number, options?: StreamOptions) {
    const [name, groupId] = [await harness.topic(partitions), harness.name('group')]
    for (let partition = 0; partition < partitions; partition++)
      await harness.produce(name, partition, numbers(0, count))
    const topic = Topic(name, { groupId, conf })
    const seen: TopicRecord<string>[] = []
    const hooks: { handle: (record: TopicRecord<string>) => unknown } = { handle() {} }
    const { app, check, stop } = follow(topic, options, (record) => {
      seen.push(record)
      return hooks.handle(record)
    })
    return {
      name,
      groupId,
      topic,
      seen,
      hooks,
      values: (partition = 0) => seen.filter((record) => record.partition === partition).map(({ value }) => value),
      committed: async () => (await topic.committed()).map(({ offset }) => offset),
      until: (what: string, condition: () => unknown) =>
        harness.until(what, () => {
          check()
          return condition()
        }),
      ready: () => app.health().ready,
      stop,
    }
  }

  describe(`reading over the ${options.driver.name} driver`, () => {
    declare('seek in a handler, forwards, backwards and to a time; what is committed follows', async (harness) => {
      const { topic, values, hooks, until, stop, committed } = await reading(harness, 1, 1000)
      hooks.handle = async ({ offset }) => {
        if (offset === 10) await topic.seek(990)
      }
      await until('the end', () => values().at(-1) === '999')
      assert.deepEqual(values(), [...numbers(0, 11), ...numbers(990, 1000)])
      hooks.handle = () => {}
      await topic.seek(-2)
      await until('the end again', () => values().length === 23)
      await topic.seek({ timestamp: 0 })
      await until('all of it', () => values().length === 1023)
      await until('the commit', async () => (await committed())[0] === 1000)
      await topic.seek(400)
      await until('the rest', () => values().length === 1623)
      assert.deepEqual(values().slice(23), [...numbers(0, 1000), ...numbers(400, 1000)])
      await stop()
      assert.deepEqual(
        (await topic.lag()).map(({ lag }) => lag),
        [0],
      )
    })

    declare(
      'an app is ready once it has partitions or knows it gets none, and with readyLag once it has caught up',
      async (harness) => {
        const { name, groupId, seen, hooks, until, stop, ready } = await reading(harness, 2, 50, { readyLag: 5 })
        const gates: (() => void)[] = []
        hooks.handle = () => new Promise<void>((resolve) => gates.push(resolve))
        await until('both partitions', () => gates.length === 2)
        assert.equal(ready(), false)
        hooks.handle = () => {}
        for (const open of gates) open()
        await until('the end', () => seen.length === 100)
        await until('that it is ready', ready)
        await stop()
        // One of the three members gets no partition, and the others have no new records to read.
        const apps = [1, 2, 3].map(() => follow(Topic(name, { groupId, conf }), { readyLag: 0 }))
        await until('that all are ready', () => apps.every(({ app }) => app.health().ready))
        await Promise.all(apps.map((one) => one.stop()))
        assert.equal(seen.length, 100)
      },
    )

    declare('of several seeks at once the last counts', async (harness) => {
      const { topic, values, until, stop, committed } = await reading(harness, 1, 20)
      await until('the end', () => values().at(-1) === '19')
      for (let round = 0; round < 10; round++) {
        const before = values().length
        await Promise.all([topic.seek(-1), topic.seek(2), topic.seek({ timestamp: 0 }), topic.seek(10 + (round % 5))])
        const sought = numbers(10 + (round % 5), 20)
        // Records of an earlier seek may come before.
        const again = () => values().slice(before).slice(-sought.length)
        await until('the end again', () => again().length === sought.length && again().at(-1) === '19')
        assert.deepEqual(again(), sought)
        await until('the commit', async () => (await committed())[0] === 20)
      }
      await stop()
    })

    declare('seek and pause keep their place over a rebalance: nothing is lost', async (harness) => {
      const { topic, name, groupId, values, hooks, until, stop } = await reading(harness, 2, 200)
      await until('all of it', () => values(0).length + values(1).length === 400)
      const inFlight: (() => void)[] = []
      hooks.handle = () => new Promise<void>((resolve) => inFlight.push(resolve))
      await topic.seek(150)
      await until('one in flight in each', () => inFlight.length === 2)
      await topic.seek(190)
      const other = await harness.reader([name], { groupId })
      hooks.handle = () => {}
      // By now the rebalance waits for the records in flight, and so does the seek.
      await sleep(300)
      for (const finish of inFlight) finish()
      await until('a share', () => other.owned.size === 1)
      // The other member commits nothing: its records come again when it has gone.
      await other.close()
      const last = () => [0, 1].map((partition) => values(partition).slice(-10).join())
      await until('both to the end', () => last().every((ten) => ten === numbers(190, 200).join()))
      for (const partition of [0, 1]) assert.ok(!values(partition).slice(200).includes('151'), 'what was sought counts')
      topic.pause()
      const before = values(0).length + values(1).length
      for (const partition of [0, 1]) await harness.produce(name, partition, numbers(200, 300))
      const late = await harness.reader([name], { groupId })
      await until('a share', () => late.owned.size === 1)
      await late.close()
      await sleep(500)
      assert.equal(values(0).length + values(1).length, before)
      topic.resume()
      await until('all of the rest', () => values(0).at(-1) === '299' && values(1).at(-1) === '299')
      for (const partition of [0, 1]) assert.deepEqual(values(partition).slice(-100), numbers(200, 300))
      await stop()
    })

    declare('pause in the middle of fetched records, again and again: in order, nothing twice', async (harness) => {
      const { topic, values, hooks, until, stop } = await reading(harness, 2, 500)
      hooks.handle = ({ offset, partition }) => {
        if (offset % 100 !== 10 * partition) return
        topic.pause()
        setTimeout(() => topic.resume(), 5)
      }
      await until('all of it', () => values(0).length >= 500 && values(1).length >= 500)
      for (const partition of [0, 1]) assert.deepEqual(values(partition), numbers(0, 500))
      await stop()
    })

    declare('offsets that are passed over are committed: tombstones, markers and aborted records', async (harness) => {
      const shapes = logShapes(harness, options.brokers)
      try {
        const [{ topic: name }, { topic: other }] = [await shapes.plain(2), await shapes.plain(0)]
        const topic = Topic([name, other], { groupId: harness.name('group'), until: 'end', conf })
        const run = async (concurrency = 1) => {
          let count = 0
          const app = createApp()
          app.snap(topic, { concurrency })(() => void count++)
          await app.stream()
          return [count, ...(await topic.lag()).map(({ committed = 0, end, lag }) => [end - committed, lag])]
        }
        const nothing = [0, [0, 0], [0, 0]]
        assert.deepEqual(await run(), [2, [0, 0], [0, 0]])
        for (const passed of [name, other]) {
          await harness.produce(passed, 0, [null, null, null])
          assert.deepEqual(await run(), nothing)
          await shapes.abort(passed, 5)
          assert.deepEqual(await run(4), nothing)
          // Retention may remove the records that were passed over; nothing is lost.
          await shapes.deleteAll(passed)
          assert.deepEqual(await run(), nothing)
        }
      } finally {
        await shapes.close()
      }
    })

    declare('for await reads to the end, or goes on where an earlier loop was left', async (harness) => {
      const [name, groupId] = [await harness.topic(1), harness.name('group')]
      await harness.produce(name, 0, numbers(0, 50))
      const topic = Topic(name, { groupId, until: 'end', conf })
      const seen: string[] = []
      for await (const { value } of topic) if (seen.push(value) === 20) break
      assert.deepEqual(await topic.committed(), [{ topic: name, partition: 0, offset: 19 }])
      for await (const { value } of topic) seen.push(value)
      assert.deepEqual(seen, [...numbers(0, 20), ...numbers(19, 50)])
      assert.deepEqual(await topic.lag(), [{ topic: name, partition: 0, committed: 50, end: 50, lag: 0 }])
    })
  })
}
