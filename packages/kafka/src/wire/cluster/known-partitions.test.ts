import { expect, test } from 'vitest'
import { knownPartitions } from './known-partitions.ts'
import type { Cluster } from './cluster.ts'

test('new is what the topic did not have when it was looked at before', () => {
  let count = 2
  const topics = { partitions: () => Array.from({ length: count }) } as unknown as Cluster['topics']
  const known = knownPartitions({ topics }, new Set(['t']))
  const news = () => [0, 1, 2, 3, 4].filter((partition) => known.isNew({ topic: 't', partition }))
  // Nothing is known yet: any of them may be old.
  expect(news()).toEqual([])
  known.note([{ topic: 't', partition: 0 }])
  expect(news()).toEqual([2, 3, 4])
  count = 3
  expect(news()).toEqual([2, 3, 4])
  known.note([])
  expect(news()).toEqual([3, 4])
  known.note([{ topic: 't', partition: 3 }])
  expect(news()).toEqual([4])
  expect(known.isNew({ topic: 'other', partition: 9 })).toBe(false)
})
