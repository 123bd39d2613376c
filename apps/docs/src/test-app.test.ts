import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cache } from '@snapstream/cache'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { createTestApp } from '@snapstream/kafka/testing'
import { expect, test } from 'vitest'
import { changes, orders, totals } from './fixtures/totals.ts'

test('a module with top-level snap runs as it is, with its cache, through a crash', async () => {
  await using app = createTestApp({ partitions: 2 })
  await app.start()
  const [input, output] = [app.topic(orders), app.topic(changes)]
  await input.pipe({ customer: 'ada', total: 3 }, { key: 'ada' })
  await input.pipe({ customer: 'ada', total: 4 }, { key: 'ada' })
  await input.pipe({ customer: 'bob', total: 1 }, { key: 'bob' })
  expect((await output.readAll()).map(({ key, value }) => [key, value])).toEqual([
    ['ada', 3],
    ['ada', 7],
    ['bob', 1],
  ])
  expect(await input.lag()).toBe(3)
  await app.restart({ crash: true })
  // All three are read again, and none is counted twice.
  expect((await output.readAll()).length).toBe(3)
  expect(totals.getSync('ada')).toBe(7)
  expect(totals.getSync('bob')).toBe(1)
  await app.advance(1000)
  expect(await input.lag()).toBe(0)
})

test('a cache on disk is waited for, at every checkpoint and in handlers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'snapstream-test-app-'))
  const numbers = Topic('numbers', { groupId: 'sums' })
  const sums = Cache<string, number>(join(folder, 'sums'))
  const seen: unknown[] = []
  const app = createApp()
  app.snap(numbers, { sink: [sums] })(async ({ key, value }) => [
    key ?? '',
    ((await sums.get(key ?? '')) ?? 0) + Number(value),
  ])
  app.snap(sums)((update) => void seen.push(update))
  try {
    await using test = createTestApp({ app })
    await test.start()
    for (let n = 1; n <= 20; n++) {
      await test.topic(numbers).pipe(String(n), { key: 'a' })
      await test.advance(1000)
      expect(await test.topic(numbers).lag()).toBe(0)
      expect(seen.at(-1)).toEqual(['a', (n * (n + 1)) / 2])
    }
    for (const crash of [true, false, true]) {
      await test.restart({ crash })
      expect(await sums.get('a')).toBe(210)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
