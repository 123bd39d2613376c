import { platformHost } from '@snapstream/core'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createOpenParts } from './open-parts.ts'
import { createProgress } from './progress.ts'

const SOURCE = {}

test('a part is opened again only once its last use is over', async () => {
  const calls: string[] = []
  const host = platformHost()
  const parts = createOpenParts({
    progress: createProgress({ store: 's', role: 'active', host, report: undefined }),
    partitionOfLane: Number,
    create(partition) {
      const part = {
        partition,
        isOpen: false,
        async close() {
          part.isOpen = false
          calls.push('closing')
          await setTimeout(20)
          calls.push('closed')
        },
      }
      return part
    },
    async openPart(part, signal) {
      calls.push('opening')
      await setTimeout(20)
      calls.push(signal.aborted ? 'given up' : 'open')
      part.isOpen = true
    },
  })
  const { signal } = new AbortController()
  await parts.acquire(SOURCE, 1, signal)
  parts.release(SOURCE, 1)
  await parts.acquire(SOURCE, 1, signal)
  parts.release(SOURCE, 1)
  const given = parts.acquire(SOURCE, 1, signal)
  await setTimeout(30)
  parts.release(SOURCE, 1)
  await parts.acquire(SOURCE, 1, signal)
  await given
  await parts.close()
  const once = ['opening', 'open', 'closing', 'closed']
  expect(calls).toEqual([...once, ...once, 'opening', 'given up', 'closing', 'closed', ...once])
})
