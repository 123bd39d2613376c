import { createApp } from '@snapstream/core'
import { afterEach, expect, test } from 'vitest'
import { Conf } from '../conf/conf.ts'
import { createTestApp } from '../testing/index.ts'
import { Topic } from '../topic/topic.ts'
import { replay } from './replay.ts'

afterEach(() => Conf.reset())

test('a running app handles replayed records, and those that fail again wait for the next call', async () => {
  const payments = Topic('payments', { groupId: 'billing' })
  const failed = Topic('payments.failed')
  const app = createApp()
  const calls: string[] = []
  let covered = false
  app.snap(payments, { onError: { retries: 1, backoffMs: 1000, deadLetter: failed } })(({ value, headers }) => {
    calls.push(`${value} ${headers.length}`)
    if (value === 'too much' && !covered) throw new Error('not covered')
  })
  await using test = createTestApp({ app })
  await test.start()
  await test.topic(payments).pipe('too much', { key: 'ada', headers: { trace: '1' } })
  await test.topic(payments).pipe('a little')
  await test.advance(1000)
  expect(calls).toEqual(['too much 1', 'too much 1', 'a little 0'])

  expect(await replay(failed)).toEqual({ read: 1, sent: 1, skipped: 0, left: 0 })
  await test.advance(3000)
  expect(await test.topic(failed).lag('payments.failed.replay')).toBe(1)

  covered = true
  expect(await replay(failed)).toEqual({ read: 1, sent: 1, skipped: 0, left: 0 })
  await test.advance(2000)
  expect(calls.slice(3)).toEqual(['too much 1', 'too much 1', 'too much 1'])
  expect(await test.topic(failed).lag('payments.failed.replay')).toBe(0)
  expect(await test.topic(payments).lag()).toBe(0)
})
