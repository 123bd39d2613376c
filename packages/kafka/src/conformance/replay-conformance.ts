import assert from 'node:assert/strict'
import { BytesCodec } from '@snapstream/core'
import { deadLetterOf } from '../replay/dead-letter.ts'
import { replay } from '../replay/replay.ts'
import type { ReplayCounts } from '../replay/replay-options.ts'
import { Topic } from '../topic/topic.ts'
import { confOf, declareWith } from './harness.ts'
import type { ConformanceOptions, Harness, TestRunner } from './harness.ts'
import { FIRST_POISON, poisonedTopic, sorted } from './poisoned-topic.ts'
import type { Poison, PoisonedTopic } from './poisoned-topic.ts'

const KINDS: readonly Poison[] = ['undecodable', 'throwing', 'refused']
const CODES = { undecodable: 'DECODE_FAILED', throwing: 'HANDLER_FAILED', refused: 'ENCODE_FAILED' } as const

/**
 * One record in a hundred cannot be handled: what each policy does with it, and how dead letters are replayed. Every count
 * is exact.
 */
export function replayConformance(runner: TestRunner, options: ConformanceOptions): void {
  const { test, describe = (_, run) => run() } = runner
  const conf = confOf(options)
  const declare = declareWith(test, options)
  const three = (harness: Harness) => poisonedTopic(harness, conf, { partitions: 3, perPartition: 1000, kinds: KINDS })

  describe(`dead letters over the ${options.driver.name} driver`, () => {
    for (const poison of KINDS)
      for (const retries of [0, 2])
        declare(`${poison}: after ${retries} retries it stops, and nothing behind it counts`, async (harness) => {
          const topic = await poisonedTopic(harness, conf, { partitions: 1, perPartition: 200, kinds: [poison] })
          const stopped = topic.run(retries === 0 ? 'stop' : { retries, backoffMs: 1 })
          await assert.rejects(stopped, { code: CODES[poison], offset: FIRST_POISON, binding: 'poisoned' })
          assert.deepEqual(await topic.committed(), [FIRST_POISON])
          assert.equal((await topic.outputs()).length, FIRST_POISON)
          checkTries(topic, retries, [`0-${FIRST_POISON}`])
        })

    declare('skipped: all others come out once', async (harness) => {
      const topic = await three(harness)
      await topic.run('skip')
      await checkOthers(topic)
      checkTries(topic, 0)
    })

    declare('by a function: asked at every try', async (harness) => {
      const topic = await three(harness)
      const asked = new Map<string, number>()
      await topic.run((error, { partition, offset }, attempt) => {
        const id = `${partition}-${offset}`
        assert.equal(attempt, (asked.get(id) ?? 0) + 1, error.message)
        asked.set(id, attempt)
        return attempt < 3 ? 'retry' : 'skip'
      })
      await checkOthers(topic)
      checkTries(topic, 2)
      assert.deepEqual(sorted(asked.keys()), sorted(topic.poisoned.map(({ id }) => id)))
      assert.deepEqual(new Set(asked.values()), new Set([3]))
    })

    declare('dead-lettered, repaired and replayed by kind: every record is handled, once', async (harness) => {
      const topic = await three(harness)
      await topic.run({ retries: 2, backoffMs: 1, deadLetter: topic.dead })
      await checkOthers(topic)
      checkTries(topic, 2)
      await checkLetters(topic)
      const many = (poison: Poison) => topic.poisoned.filter((order) => order.poison === poison).length
      const sending = (poison: Poison, limit?: number): Promise<ReplayCounts> =>
        replay(topic.dead, { where: ({ code }) => code === CODES[poison], ...(limit && { limit }) })
      topic.repair()
      const left = topic.poisoned.length - many('undecodable')
      const first = { read: topic.poisoned.length, sent: many('undecodable'), skipped: left, left }
      assert.deepEqual(await sending('undecodable'), first)
      await topic.run('stop')
      const { sent, left: waiting } = await sending('throwing', 4)
      assert.deepEqual([sent, waiting], [4, left - 4])
      assert.equal((await sending('throwing')).sent, many('throwing') - 4)
      const last = { read: many('refused'), sent: many('refused'), skipped: 0, left: 0 }
      assert.deepEqual(await sending('refused'), last)
      await topic.run('stop')
      await checkAll(topic)
    })

    declare('a record that fails again becomes a dead letter again, and waits for the next replay', async (harness) => {
      const topic = await three(harness)
      const onError = { retries: 2, backoffMs: 1, deadLetter: topic.dead }
      await topic.run(onError)
      const all = topic.poisoned.length
      assert.deepEqual(await replay(topic.dead), { read: all, sent: all, skipped: 0, left: 0 })
      await topic.run(onError)
      assert.equal((await replay(topic.dead, { dryRun: true })).left, all)
      topic.repair()
      assert.deepEqual(await replay(topic.dead), { read: all, sent: all, skipped: 0, left: 0 })
      await topic.run('stop')
      await checkAll(topic)
    })

    declare('two replays at once share the work: every dead letter is sent, once', async (harness) => {
      const topic = await three(harness)
      await topic.run({ deadLetter: topic.dead })
      topic.repair()
      let second: Promise<ReplayCounts> | undefined
      const slowly = () => new Promise<boolean>((resolve) => setTimeout(resolve, 50, true))
      const where = () => {
        second ??= replay(topic.dead, { where: slowly })
        return slowly()
      }
      const both = [await replay(topic.dead, { where }), await second]
      assert.equal(
        both.reduce((sum, counts) => sum + (counts?.sent ?? 0), 0),
        topic.poisoned.length,
      )
      assert.equal((await replay(topic.dead)).left, 0)
      await topic.run('stop')
      await checkAll(topic)
    })
  })
}

/** The output has every good record and nothing else, and no record waits. */
async function checkOthers(topic: PoisonedTopic): Promise<void> {
  const bad = new Set(topic.poisoned.map(({ id }) => id))
  assert.equal(bad.size, topic.count / 100)
  const outputs = await topic.outputs()
  assert.equal(outputs.length, topic.count - bad.size)
  assert.equal(new Set(outputs).size, outputs.length)
  assert.ok(!outputs.some((id) => bad.has(id)))
  assert.deepEqual(new Set(await topic.committed()), new Set([1000]))
}

/** A retry repeats the step that failed: the handler, or one write. A record that does not decode reaches neither. */
function checkTries(topic: PoisonedTopic, retries: number, ids?: readonly string[]): void {
  for (const { id, poison } of topic.poisoned) {
    if (ids && !ids.includes(id)) continue
    const tries = [topic.handled.get(id) ?? 0, topic.encoded.get(id) ?? 0]
    const expected = { undecodable: [0, 0], throwing: [retries + 1, 0], refused: [1, retries + 1] }
    assert.deepEqual(tries, expected[poison], `${id} is ${poison}`)
  }
}

/** Each dead letter exists once, with its origin and its error. */
async function checkLetters(topic: PoisonedTopic): Promise<void> {
  const { names, poisoned } = topic
  const said = new Map<string, unknown>()
  const dead = Topic(names.dead, { codec: BytesCodec(), keyCodec: BytesCodec(), conf: topic.conf })
  for await (const record of dead.slice()) {
    const { key, origin, code, binding, attempts } = deadLetterOf(record)
    const id = new TextDecoder().decode(key ?? undefined)
    assert.ok(!said.has(id), `${id} is there twice`)
    said.set(id, { origin, code, binding, attempts })
  }
  const expected = poisoned.map(({ id, poison }) => {
    const [partition = 0, offset = 0] = id.split('-').map(Number)
    const attempts = poison === 'undecodable' ? 1 : 3
    return [
      id,
      { origin: { topic: names.input, partition, offset }, code: CODES[poison], binding: 'poisoned', attempts },
    ]
  })
  assert.deepEqual(said, new Map(expected as [string, unknown][]))
}

async function checkAll(topic: PoisonedTopic): Promise<void> {
  const outputs = await topic.outputs()
  assert.equal(outputs.length, topic.count)
  assert.equal(new Set(outputs).size, topic.count)
}
