import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { Store } from '@snapstream/state'
import { expect, onTestFinished, test } from 'vitest'
import { join } from '../index.ts'

const COUNT = 1000
const conf = { brokers: process.env['KAFKA_BROKERS'] ?? '' }

test('two topics that are far apart are joined exactly once, across a restart', { timeout: 60_000 }, async () => {
  const id = randomUUID()
  const folder = await mkdtemp(joinPath(tmpdir(), 'join-'))
  const create = { partitions: 3 }
  const left = Topic(`left-${id}`, { conf, create, groupId: id })
  const right = Topic(`right-${id}`, { conf, create, groupId: id })
  const out = Topic(`out-${id}`, { conf, create: { partitions: 1 } })
  const all = [left, right, out]
  await Promise.all(all.map((topic) => topic.open()))
  onTestFinished(async () => {
    await Promise.all(all.map((topic) => topic.close()))
    await rm(folder, { recursive: true })
  })
  const start = Date.now() - 1_000_000
  const numbers = Array.from({ length: COUNT }, (_, i) => i)
  // All of the left side is there before the first message of the right one.
  await Promise.all(numbers.map((i) => left(`l${i}`, { key: `k${i}`, timestamp: start + i * 10 })))
  const paid = numbers.filter((i) => i % 2 === 0)
  await Promise.all(paid.map((i) => right(`r${i}`, { key: `k${i}`, timestamp: start + i * 10 + 5 })))

  function run() {
    const app = createApp()
    const stopping = new AbortController()
    const store = Store('joined', { folder, exactlyOnce: true })
    const joined = join(Topic(`left-${id}`, { conf, groupId: id }), Topic(`right-${id}`, { conf, groupId: id }), {
      withinMs: 1000,
      graceMs: 100,
      type: 'left',
      store,
    })
    app.snap(joined, { sink: [Topic(`out-${id}`, { conf, exactlyOnce: true })] })(({ left: l, right: r }) => [
      l.key,
      `${l.value}+${r?.value ?? '-'}`,
    ])
    const ended = app.stream({}, { signal: stopping.signal, checkpointMs: 100 })
    // Who stops it gets its error.
    ended.catch(() => {})
    return async () => {
      stopping.abort()
      await ended
    }
  }
  async function written(): Promise<readonly string[]> {
    const values: string[] = []
    for await (const { value } of out.slice()) values.push(value)
    return values.toSorted()
  }
  const expected = numbers.map((i) => `l${i}+${i % 2 === 0 ? `r${i}` : '-'}`).toSorted()

  const stop = run()
  await expect.poll(async () => (await written()).length, { timeout: 30_000, interval: 100 }).toBeGreaterThan(COUNT / 2)
  await stop()
  // The ends of all partitions.
  await Promise.all(
    numbers.slice(0, 50).map((i) => right('end', { key: `end ${i}`, timestamp: start + COUNT * 10 + 5000 })),
  )
  const stopAgain = run()
  await expect
    .poll(async () => (await written()).length, { timeout: 30_000, interval: 100 })
    .toBeGreaterThanOrEqual(COUNT)
  await stopAgain()
  expect(await written()).toEqual(expected)
})
