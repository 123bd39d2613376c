import assert from 'node:assert/strict'
import { BytesCodec, createApp } from '@snapstream/core'
import kafkajs from 'kafkajs'
import type { OnError } from '@snapstream/core'
import type { KafkaConf } from '../conf/kafka-conf.ts'
import type { Compression, ProduceRecord, RecordBatch } from '../driver/driver.ts'
import { deadLetterOf } from '../replay/dead-letter.ts'
import { replay } from '../replay/replay.ts'
import type { TopicOptions } from '../options/topic-options.ts'
import type { RawTopicRecord } from '../record/topic-record.ts'
import { Topic } from '../topic/topic.ts'
import { confOf, declareWith, producerSettings } from './harness.ts'
import type { ConformanceOptions, Harness, TestRunner } from './harness.ts'
import { ODD_TOPIC, oddRecords } from './odd-records.ts'
import { assertWritten } from './rejects.ts'

export interface ValueConformanceOptions extends ConformanceOptions {
  /** How many odd records are written, read, forwarded and replayed. @default 10000 */
  readonly records?: number
  /** The seed of the records; the test's name has it. @default a new one each time */
  readonly seed?: number
}

const PARTITIONS = 3

/**
 * Odd records stay the same, byte for byte, when they are read, forwarded, dead-lettered and replayed. A record whose headers
 * cannot be read is one record's failure.
 */
export function valueConformance(runner: TestRunner, options: ValueConformanceOptions): void {
  const { test, describe = (_, run) => run() } = runner
  const { driver, brokers, records: count = 10_000, seed = Math.floor(Math.random() * 2 ** 32) } = options
  const conf = confOf(options)
  const declare = declareWith(test, options, 120_000)

  describe(`odd records over the ${driver.name} driver`, () => {
    declare(`${count} (seed ${seed}) are the same when forwarded, dead-lettered and replayed`, async (harness) => {
      await roundTrip(harness, conf, oddRecords(count, seed))
    })

    for (const policy of ['stop', 'skip', 'asked', 'retried', 'dead-lettered'] as const)
      declare(`a header whose name is not UTF-8 is one record's failure: ${policy}`, (harness) =>
        unreadable(harness, conf, policy),
      )

    if (brokers.length > 0)
      declare('a committed offset of 64 bits is OFFSET_OUT_OF_RANGE, by name', async (harness) => {
        const input = await harness.topic(1)
        await harness.produce(input, 0, ['a'])
        const groupId = harness.name('group')
        const committer = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING }).admin()
        await committer.connect()
        const partitions = [{ partition: 0, offset: String(2n ** 63n - 1n) }]
        await committer.setOffsets({ groupId, topic: input, partitions })
        await committer.disconnect()
        const app = createApp()
        app.snap(Topic(input, { groupId, conf }))(() => {})
        await assert.rejects(app.stream({}), { code: 'OFFSET_OUT_OF_RANGE', topic: input, partition: 0 })
      })

    if (brokers.length > 0)
      declare(
        'a dead letter whose time its topic does not take has that of now, and says the other',
        async (harness) => {
          const { input } = await poisoned(harness)
          const hour = { ...ODD_TOPIC, 'message.timestamp.after.max.ms': '3600000' }
          const dead = Topic(await harness.topic(1, hour), { conf })
          const before = await linesOf(harness, input)
          const app = createApp()
          app.snap(bytesTopic(input, { groupId: null, until: 'end', conf }), { onError: { deadLetter: dead } })(() => {
            throw new Error('no')
          })
          const started = Date.now()
          await app.stream({})
          const times: (number | bigint)[] = []
          for await (const record of bytesTopic(dead.name, { conf }).slice()) {
            assert.ok(record.timestamp <= Date.now() && record.timestamp > started - 60_000)
            const { exactTimestamp, timestamp } = deadLetterOf(record)
            times.push(exactTimestamp ?? timestamp)
          }
          assert.equal(times.length, before.length)
          assert.ok(times.includes(1_796_024_387_239_123_457n))
          await replay(dead)
          assert.deepEqual(sorted(await linesOf(harness, input)), sorted([...before, ...before]))
        },
      )

    declare('slices go on behind a header whose name is not UTF-8', async (harness) => {
      const { input } = await poisoned(harness)
      const topic = bytesTopic(input, { conf })
      const seen: number[] = []
      await assert.rejects(
        async () => {
          for await (const { offset } of topic.slice()) seen.push(offset)
        },
        { code: 'DECODE_FAILED', topic: input, partition: 0, offset: BAD },
      )
      for await (const { offset } of topic.slice(BAD + 1)) seen.push(offset)
      assert.deepEqual(seen, [0, 1, 3, 4])
      const app = createApp()
      app.snap(topic.slice(), { onError: 'skip' })(({ offset }) => void seen.push(offset))
      await app.stream({})
      assert.deepEqual(seen.slice(4), [0, 1, 3, 4])
      const whole = bytesTopic(input, { conf, brokenHeaders: true })
      const bytes: unknown[] = []
      for await (const { headerBytes } of whole.slice()) bytes.push(headerBytes && [...headerBytes])
      assert.deepEqual(bytes, [undefined, undefined, [...BAD_HEADERS], undefined, undefined])
    })
  })
}

const bytesTopic = (name: string, options: TopicOptions) =>
  Topic<Uint8Array, Uint8Array>(name, { codec: BytesCodec(), keyCodec: BytesCodec(), tombstones: true, ...options })

// ---- everything odd at once ----------------------------------------------------------------------------------------

async function roundTrip(harness: Harness, conf: KafkaConf, records: readonly ProduceRecord[]): Promise<void> {
  const [input, output, dead, repeated] = await Promise.all(
    Array.from({ length: 4 }, () => harness.topic(PARTITIONS, ODD_TOPIC)),
  )
  if (!input || !output || !dead || !repeated) throw new Error('there are four topics')
  await write(harness, input, records)
  const written = await linesOf(harness, input)
  assert.equal(written.length, records.length)
  assert.deepEqual(sorted(written.map(withoutPlace)), sorted(records.map((record) => lineOf(record))))

  const group = harness.name('group')
  const source = (groupId: string) => bytesTopic(input, { groupId, until: 'end', conf })
  const forwarding = createApp()
  forwarding.snap(source(group), { sink: [bytesTopic(output, { conf })] })(({ key, value, headers, partition }) => [
    key,
    value,
    { headers, partition },
  ])
  await forwarding.stream({})
  assert.deepEqual(await linesOf(harness, output), written)

  const failing = createApp()
  const deadLetters = Topic(dead, { conf })
  failing.snap(source(`${group}-2`), { onError: { deadLetter: deadLetters } })(() => {
    throw new Error('no')
  })
  await failing.stream({})
  const letters: string[] = []
  for await (const record of bytesTopic(dead, { conf }).slice()) letters.push(letterLine(record))
  assert.deepEqual(sorted(letters), sorted(written))

  const sent = { read: records.length, sent: records.length, skipped: 0, left: 0 }
  assert.deepEqual(await replay(deadLetters, { to: repeated, partition: 'original', groupId: `${group}-3` }), sent)
  assert.deepEqual(sorted(await linesOf(harness, repeated)), sorted(written))
  // The replay appends them to the topic that they came from.
  assert.deepEqual(await replay(deadLetters, { partition: 'original', targets: [input] }), sent)
  assert.deepEqual(sorted(await linesOf(harness, input)), sorted([...written, ...written]))
}

/** Writes to the partitions in turn, in batches of several sizes, with each supported codec in turn. */
async function write(harness: Harness, topic: string, records: readonly ProduceRecord[]): Promise<void> {
  const compressions: readonly Compression[] = harness.supports.compression
  const producers = await Promise.all(
    compressions.map((compression) => harness.client.producer(producerSettings({ compression }))),
  )
  try {
    for (let at = 0, turn = 0; at < records.length; turn++) {
      const size = 1 + ((turn * 37) % 200)
      const partition = turn % PARTITIONS
      const producer = producers[Math.floor(turn / PARTITIONS) % producers.length]
      if (turn < PARTITIONS) for (const each of producers) await each.partitions(topic)
      const [result] = (await producer?.send([{ topic, partition, records: records.slice(at, at + size) }])) ?? []
      if (result === undefined || result.error) throw result?.error ?? new Error('a batch got no answer')
      at += size
    }
  } finally {
    for (const producer of producers) await producer.close()
  }
}

/** All records of a topic as the driver reads them, by partition and offset. */
async function linesOf(harness: Harness, topic: string): Promise<string[]> {
  const ends = await harness.admin.offsets(topic, 'latest')
  const left = new Map(ends.map(({ partition, offset }) => [partition, offset]))
  const lines = ends.map((): string[] => [])
  const consumer = await harness.consumer([topic], { groupId: null })
  const isBehind = () => [...left.values()].some((offset) => offset > 0)
  while (isBehind()) {
    const batch = await consumer.poll()
    if (batch === undefined) break
    for (let i = 0; i < batch.length; i++) lines[batch.partition]?.push(batchLine(batch, i))
    if (batch.nextOffset >= (ends[batch.partition]?.offset ?? 0)) left.set(batch.partition, 0)
    consumer.release(batch)
  }
  await consumer.close()
  return lines.flat()
}

const base64 = (content: Uint8Array | string | null) =>
  content === null ? null : typeof content === 'string' ? content : Buffer.from(content).toString('base64')

function lineOf({ key, value, headers, timestamp }: ProduceRecord, partition?: number): string {
  const pairs = headers instanceof Uint8Array ? base64(headers) : headers.map(([name, bytes]) => [name, base64(bytes)])
  return JSON.stringify([partition ?? null, base64(key), base64(value), pairs, String(timestamp)])
}

function batchLine(batch: RecordBatch, i: number): string {
  const headers = batch.headers(i) ?? batch.headerBytes?.(i) ?? []
  return lineOf({ key: batch.key(i), value: batch.value(i), headers, timestamp: batch.timestamp(i) }, batch.partition)
}

const withoutPlace = (line: string) => line.replace(/^\[\d+/, '[null')

/** The record as it was before it became a dead letter. The dead letter has the same timestamp. */
function letterLine(record: RawTopicRecord): string {
  const { key, value, headers, headerBytes, origin, ...letter } = deadLetterOf(record)
  const timestamp = letter.exactTimestamp ?? letter.timestamp
  assert.equal(record.exactTimestamp ?? record.timestamp, timestamp)
  return lineOf({ key, value, headers: headerBytes ?? headers, timestamp }, origin?.partition)
}

const sorted = (lines: readonly string[]) => lines.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))

// ---- headers that cannot be read -----------------------------------------------------------------------------------

/** The offset of the record whose header name is not UTF-8. */
const BAD = 2
/** Two headers as a record batch has them: one with the name c3 28, which is not UTF-8, and `trace`, which is null. */
const BAD_HEADERS = Uint8Array.from([4, 4, 0xc3, 0x28, 2, 0x76, 10, ...Buffer.from('trace'), 1])

async function poisoned(harness: Harness): Promise<{ readonly input: string; readonly dead: string }> {
  const [input, dead] = await Promise.all([harness.topic(1, ODD_TOPIC), harness.topic(1, ODD_TOPIC)])
  const records = Array.from({ length: 5 }, (_, i) => ({
    key: Buffer.from(`k${i}`),
    value: Buffer.from(`v${i}`),
    headers: i === BAD ? BAD_HEADERS : [],
    timestamp: i === BAD ? 1_796_024_387_239_123_457n : Date.now(),
  }))
  assertWritten(await harness.producer.send([{ topic: input, partition: 0, records }]))
  return { input, dead }
}

async function unreadable(
  harness: Harness,
  conf: KafkaConf,
  policy: 'stop' | 'skip' | 'asked' | 'retried' | 'dead-lettered',
): Promise<void> {
  const { input, dead } = await poisoned(harness)
  const before = await linesOf(harness, input)
  const groupId = harness.name('group')
  const seen: number[] = []
  const errors: {
    readonly code: string
    readonly topic: string
    readonly partition: number
    readonly offset: number
  }[] = []
  const place = { code: 'DECODE_FAILED', topic: input, partition: 0, offset: BAD }
  const policies: Readonly<Record<typeof policy, OnError<RawTopicRecord>>> = {
    stop: 'stop',
    skip: 'skip',
    asked(error, record) {
      errors.push(error as never)
      assert.deepEqual(record.headerBytes && [...record.headerBytes], [...BAD_HEADERS])
      assert.deepEqual(record.headers, [['trace', null]])
      return 'skip'
    },
    retried: { retries: 2, backoffMs: 1 },
    'dead-lettered': { deadLetter: Topic(dead, { conf }) },
  }
  const run = async (onError: OnError<RawTopicRecord>) => {
    const app = createApp()
    const source = bytesTopic(input, { groupId, until: 'end', conf })
    app.snap(source, { onError })(({ offset }) => void seen.push(offset))
    await app.stream({})
  }

  if (policy === 'stop' || policy === 'retried') {
    await assert.rejects(run(policies[policy]), place)
    assert.deepEqual(seen, [0, 1])
    await run('skip')
  } else await run(policies[policy])
  assert.deepEqual(seen, [0, 1, 3, 4])
  for (const { code, topic, partition, offset } of errors) assert.deepEqual({ code, topic, partition, offset }, place)
  assert.equal(errors.length, policy === 'asked' ? 1 : 0)
  if (policy !== 'dead-lettered') return

  assert.equal((await linesOf(harness, dead)).length, 1)
  assert.deepEqual(await replay(Topic(dead, { conf })), { read: 1, sent: 1, skipped: 0, left: 0 })
  const after = await linesOf(harness, input)
  assert.deepEqual(after, [...before, before[BAD]])
}
