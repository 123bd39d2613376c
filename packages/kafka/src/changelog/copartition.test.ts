import { expect, test } from 'vitest'
import { memory } from '../memory/index.ts'
import { Topic } from '../topic/topic.ts'
import { openCopartition } from './copartition.ts'

function topics(given: readonly { readonly partitions: number; readonly groupId: string | null }[]) {
  const conf = { driver: memory() }
  return given.map(({ partitions, groupId }, i) => Topic(`t${i}`, { conf, groupId, create: { partitions } }))
}

const open = (sources: readonly unknown[]) => openCopartition({ scope: new Map(), title: 'the join', sources })

test('topics with as many partitions go together', async () => {
  const ofGroup = { partitions: 3, groupId: 'g' }
  const opened = await open(topics([ofGroup, ofGroup]))
  expect(opened.partitions).toBe(3)
  opened.close()
  const without = await open(
    topics([
      { partitions: 2, groupId: null },
      { partitions: 2, groupId: null },
    ]),
  )
  expect(without.partitions).toBe(2)
  without.close()
})

test.each([
  [
    'counts',
    topics([
      { partitions: 3, groupId: 'g' },
      { partitions: 4, groupId: 'g' },
    ]),
    '"t0" has 3 partitions and "t1" has 4, and the join goes with both: partition n of one belongs to partition n of the other, so both need the same number. Write one of them, by its key, to a topic with as many partitions as the other, and read that: snap(topic, ',
  ],
  [
    'groups',
    topics([
      { partitions: 3, groupId: 'g' },
      { partitions: 3, groupId: 'h' },
    ]),
    'the join goes with the topic "t0" and the topic "t1", which are read with the groups "g" and "h"',
  ],
  [
    'reading alone and in a group',
    topics([
      { partitions: 3, groupId: 'g' },
      { partitions: 3, groupId: null },
    ]),
    'the join follows the partitions of a group, and the topic "t1" is read without one',
  ],
  ['other sources', [...topics([{ partitions: 3, groupId: 'g' }]), [1]], 'one of them is no topic (an array of 1)'],
])('different %s are refused', async (_, sources, message) => {
  await expect(open(sources)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) })
})
