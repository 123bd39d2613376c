import assert from 'node:assert/strict'
import { SnapstreamError, createApp } from '@snapstream/core'
import type { Failure, OnError } from '@snapstream/core'
import { Topic } from '../topic/topic.ts'
import type { TopicRecord } from '../record/topic-record.ts'
import { confOf, declareWith } from './harness.ts'
import type { ConformanceOptions, Harness, TestRunner } from './harness.ts'
import { assertWritten } from './rejects.ts'

type Pair = readonly [key: string | null, value: string, meta?: { readonly timestamp: number }]

const COMPACTED = { 'cleanup.policy': 'compact' }
const REASON = /Compacted topic cannot accept message without key/
const pairs = (count: number, refused: (i: number) => boolean): Pair[] =>
  Array.from({ length: count }, (_, i) => [refused(i) ? null : `k${i}`, `${i}`])

/**
 * A record that the broker refuses fails alone, whatever was sent with it. The broker has to refuse records without a key in
 * compacted topics.
 */
export function writingConformance(runner: TestRunner, options: ConformanceOptions): void {
  const { test, describe = (_, run) => run() } = runner
  const conf = confOf(options)
  const declare = declareWith(test, options)

  /** Copies a topic into another one that refuses some of the records. */
  async function copying(harness: Harness, written: readonly Pair[], target: Record<string, string> = COMPACTED) {
    const [from, to] = [await harness.topic(2), await harness.topic(2, target)]
    const groupId = harness.name('group')
    const source = Topic(from, { groupId, until: 'end', conf })
    await source.open()
    await Promise.all(written.map(([, value], i) => source(value, { key: `${i}`, partition: i % 2 })))
    await source.close()
    const sink = Topic(to, { conf: { ...conf, idempotence: true } })
    const told: string[] = []
    return {
      to,
      told,
      sink,
      async run(onError: OnError<TopicRecord<string>>, more: { readonly concurrency?: number } = {}) {
        const app = createApp()
        for (const name of ['skip', 'retry', 'dead-letter'] as const)
          app.on(name, ({ offset, partition, error }) => {
            assert.ok(SnapstreamError.is(error))
            told.push(`${name} ${Number(partition) + 2 * Number(offset)}`)
          })
        app.snap(source, { name: 'copy', sink: [sink], onError, ...more })(({ key, value, partition }) => {
          const [newKey, , meta] = written[Number(key)] as Pair
          return [newKey as string, value, { ...meta, partition }]
        })
        await app.stream()
      },
      async values() {
        const found: string[][] = [[], []]
        for await (const { partition, value } of sink.slice()) found[partition]?.push(value)
        return found
      },
      expected: (refused: (i: number) => boolean) =>
        [0, 1].map((partition) =>
          written.flatMap(([, value], i) => (i % 2 === partition && !refused(i) ? [value] : [])),
        ),
      lags: async () => (await source.lag()).map(({ lag }) => lag),
    }
  }

  describe(`writing over the ${options.driver.name} driver`, () => {
    declare(
      'one record of a batch that is refused is named, and nothing else of the batch is written',
      async (harness) => {
        const topic = await harness.topic(1, COMPACTED)
        const record = (key: string | null) => ({
          key,
          value: 'v',
          headers: [],
          timestamp: Date.now(),
        })
        const batch = { topic, partition: 0, records: [record('a'), record(null), record('b'), record(null)] }
        const [result] = await harness.producer.send([batch])
        assert.ok(result?.error)
        assert.equal(result.retriable, false)
        assert.deepEqual([...(result.refused?.keys() ?? [])], [1, 3])
        for (const reason of result.refused?.values() ?? []) assert.match(reason, REASON)
        assert.equal((await harness.admin.offsets(topic, 'latest'))[0]?.offset, 0)
        assertWritten(await harness.producer.send([{ ...batch, records: [record('a'), record('b')] }]))
      },
    )

    declare('a refused record is skipped, and all others are written once and in order', async (harness) => {
      const refused = (i: number) => i % 7 === 3 || (i > 1000 && i < 1300)
      const { run, values, told, expected, lags } = await copying(harness, pairs(3000, refused))
      const asked: number[] = []
      await run((error, { value }, attempt) => {
        assert.ok(SnapstreamError.is(error))
        assert.equal(error.code, 'SINK_REFUSED')
        assert.match(error.message, REASON)
        assert.equal(attempt, 1)
        asked.push(Number(value))
        return 'skip'
      })
      const all = Array.from({ length: 3000 }, (_, i) => i).filter(refused)
      assert.deepEqual(
        asked.toSorted((a, b) => a - b),
        all,
      )
      assert.equal(told.length, all.length)
      assert.deepEqual(await values(), expected(refused))
      assert.deepEqual(await lags(), [0, 0])
    })

    declare('a refused record becomes a dead letter, as its source had it', async (harness) => {
      const refused = (i: number) => i === 1 || i === 6
      const { run, values, told, expected, lags } = await copying(harness, pairs(10, refused))
      const letters: Failure<TopicRecord<string>>[] = []
      const deadLetter = (letter: Failure<TopicRecord<string>>) => void letters.push(letter)
      await run({ retries: 1, backoffMs: 1, deadLetter }, { concurrency: 3 })
      assert.deepEqual(told.toSorted(), ['dead-letter 1', 'dead-letter 6', 'retry 1', 'retry 6'])
      assert.deepEqual(letters.map(({ message, attempts }) => `${message.value} after ${attempts}`).toSorted(), [
        '1 after 2',
        '6 after 2',
      ])
      assert.deepEqual(await values(), expected(refused))
      assert.deepEqual(await lags(), [0, 0])
    })

    declare('without a policy the stream stops with the reason, and does not commit the record', async (harness) => {
      const { run, lags } = await copying(
        harness,
        pairs(4, (i) => i === 2),
      )
      const policies: OnError<TopicRecord<string>>[] = ['stop', () => 'stop']
      for (const onError of policies) await assert.rejects(run(onError), { code: 'SINK_REFUSED', message: REASON })
      assert.deepEqual(await lags(), [2, 2])
    })

    declare('of calls made at once, only that with the refused record rejects', async (harness) => {
      const name = await harness.topic(1, COMPACTED)
      await using topic = Topic(name, { conf })
      await topic.open()
      const calls = await Promise.allSettled(
        pairs(50, (i) => i % 10 === 0).map(([key, value]) => topic(value, { key })),
      )
      for (const [i, { status, ...call }] of calls.entries()) {
        assert.equal(status, i % 10 === 0 ? 'rejected' : 'fulfilled')
        if ('reason' in call) assert.match(String(call.reason), REASON)
      }
      const values: string[] = []
      for await (const { value } of topic.slice()) values.push(value)
      assert.deepEqual(
        values,
        pairs(50, () => false).flatMap(([, value], i) => (i % 10 === 0 ? [] : [value])),
      )
    })

    declare('a record that is larger than the topic takes is refused alone', async (harness) => {
      const refused = (i: number) => i === 5
      const written = pairs(20, () => false).map(([key], i): Pair => [key, refused(i) ? 'x'.repeat(20_000) : `${i}`])
      const { run, values, told, expected, lags } = await copying(harness, written, { 'max.message.bytes': '5000' })
      await run((error) => {
        assert.ok(SnapstreamError.is(error))
        assert.equal(error.code, 'RECORD_TOO_LARGE')
        return 'skip'
      })
      assert.deepEqual(told, ['skip 5'])
      assert.deepEqual(await values(), expected(refused))
      assert.deepEqual(await lags(), [0, 0])
    })

    if (!options.driver.supports.inProcess)
      declare('a timestamp that is out of bounds is refused alone', async (harness) => {
        const refused = (i: number) => i === 4 || i === 11
        const written = pairs(20, () => false).map(([key, value], i): Pair => [
          key,
          value,
          { timestamp: refused(i) ? 86_400_000 : Date.now() },
        ])
        const bounds = { 'message.timestamp.before.max.ms': '3600000' }
        const { run, values, told, expected, lags } = await copying(harness, written, bounds)
        await run((error) => {
          assert.match(error.message, /imestamp .* out of range.*INVALID_TIMESTAMP/)
          return 'skip'
        })
        assert.deepEqual(told.toSorted(), ['skip 11', 'skip 4'])
        assert.deepEqual(await values(), expected(refused))
        assert.deepEqual(await lags(), [0, 0])
      })
  })
}
