import { createApp } from '@snapstream/core'
import { expect, test } from 'vitest'
import { memory } from '../memory/index.ts'
import { Topic } from './topic.ts'

test('what goes in comes out', async () => {
  const conf = { driver: memory() }
  const into = Topic('demo', { create: { partitions: 3 }, conf })
  const from = Topic('demo', { groupId: 'g', until: 'end', conf })
  const app = createApp()
  app.snap([1, 2, 3, 4, 5], { sink: [into] })((n) => [`k${n}`, `v${n}`, { headers: { n: String(n) }, timestamp: n }])
  await app.stream({})
  const seen: string[] = []
  const other = createApp()
  other.snap(from)(({ key, value, timestamp, headers }) => void seen.push(`${key} ${value} ${timestamp} ${headers.length}`))
  await other.stream({})
  expect(seen.sort()).toEqual(['k1 v1 1 1', 'k2 v2 2 1', 'k3 v3 3 1', 'k4 v4 4 1', 'k5 v5 5 1'])
})
