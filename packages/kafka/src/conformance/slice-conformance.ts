import assert from 'node:assert/strict'
import { Topic } from '../topic/topic.ts'
import type { KafkaConf } from '../conf/kafka-conf.ts'
import { withHarness } from './harness.ts'
import type { ConformanceOptions, TestRunner } from './harness.ts'
import { logShapes } from './log-shapes.ts'
import { openLog, readLog } from './read-log.ts'
import type { LogShapes, ShapedTopic } from './log-shapes.ts'

/** Reading existing records takes less, on a busy machine too. Waiting for more takes longer. */
const LIMIT_MS = 20_000

/**
 * `topic.slice`, `topic.at` and the log of a table on logs with holes: plain topics, transactions, compaction and deleted records, each with
 * many, two and no records. It needs a real Kafka. KafkaJS makes the topics, whatever the driver is.
 */
export function sliceConformance(runner: TestRunner, options: ConformanceOptions): void {
  const { test, describe = (_, run) => run() } = runner
  const shapes = ['plain', 'transactional', 'openTransaction', 'compacted', 'truncated'] as const
  const conf = { driver: options.driver, brokers: [...options.brokers] }

  const run = (shape: (typeof shapes)[number]) =>
    withHarness(options, async (harness) => {
      const making = logShapes(harness, options.brokers)
      try {
        // Side by side, because a compaction takes seconds.
        await Promise.all([400, 2, 0].map((count) => check(making, shape, count)))
      } finally {
        await making.close()
      }
    })

  async function check(making: LogShapes, shape: (typeof shapes)[number], count: number): Promise<void> {
    const shaped = await making[shape](shape === 'compacted' && count > 2 ? 20 : count)
    await within(LIMIT_MS, checkSlices(shaped, shaped.values, conf))
    // A log is read once its last transaction has ended.
    if (shape !== 'openTransaction') await within(LIMIT_MS, checkLog(shaped, conf))
    if (shaped.uncommitted)
      await within(LIMIT_MS, checkSlices(shaped, shaped.uncommitted, { ...conf, isolationLevel: 'read_uncommitted' }))
  }

  describe(`slices over the ${options.driver.name} driver`, () => {
    for (const shape of shapes)
      test(`${shape}: with many, two and no records, and none hangs`, () => run(shape), 180_000)
  })
}

async function checkSlices({ topic: name }: ShapedTopic, values: readonly string[], conf: KafkaConf): Promise<void> {
  const topic = Topic(name, { conf })
  const read = async (...places: readonly [start?: number, end?: number]) => {
    const found: { readonly offset: number; readonly value: string }[] = []
    for await (const record of topic.slice(...places)) found.push(record)
    return found
  }
  const valuesOf = async (...places: readonly [start?: number, end?: number]) =>
    (await read(...places)).map(({ value }) => value)

  const all = await read()
  assert.deepEqual(
    all.map(({ value }) => value),
    values,
  )
  for (const places of [[-2], [-2, -1], [-3, -1], [-1], [-1000], [0, -1], [0, 1_000_000]] as const)
    assert.deepEqual(await valuesOf(...places), values.slice(...places), `slice(${places.join(', ')})`)
  assert.deepEqual(await read(1_000_000), [])
  assert.deepEqual(await read(5, 5), [])

  for (const index of [-1, -2, -values.length - 1])
    assert.equal((await topic.at(index))?.value, values.at(index), `at(${index})`)
  assert.equal(await topic.at(1_000_000), undefined)
  for (const { offset, value } of [all[0], all.at(-1)].filter((one) => one !== undefined)) {
    assert.equal((await topic.at(offset))?.value, value)
    assert.deepEqual(await valuesOf(offset, offset + 1), [value])
  }
  // The offset before a record is a hole, or the record before.
  const last = all.at(-1)
  const before = last && last.offset > 0 ? await topic.at(last.offset - 1) : undefined
  if (before) assert.equal(before.value, all.at(-2)?.value)
}

/** The log of a table gives the records behind any offset, and ends at the end of the topic. */
async function checkLog({ topic: name, values }: ShapedTopic, conf: KafkaConf): Promise<void> {
  const log = await openLog(Topic(name, { conf }))
  const all = await readLog(log, 0)
  assert.deepEqual(
    all.records.filter((value) => value !== null),
    values,
  )
  assert.equal(all.next, all.end)
  for (let from = all.start; from <= all.end; from += Math.ceil((all.end - all.start) / 5) || 1) {
    const { records, next } = await readLog(log, 0, from)
    assert.deepEqual(records, records.length === 0 ? [] : all.records.slice(-records.length), `from ${from}`)
    assert.equal(next, all.end)
  }
  const outOfRange = { code: 'OFFSET_OUT_OF_RANGE', topic: name, partition: 0 }
  await assert.rejects(readLog(log, 0, all.end + 1), outOfRange)
  if (all.start > 0) await assert.rejects(readLog(log, 0, all.start - 1), outOfRange)
  await log.close()
}

async function within(limitMs: number, pending: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it hangs: not done in ${limitMs} ms`)), limitMs)
  })
  try {
    await Promise.race([pending, late])
  } finally {
    clearTimeout(timer)
  }
}
