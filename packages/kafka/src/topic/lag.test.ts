import { describe, expect, test } from 'vitest'
import { Admin } from '../admin/admin.ts'
import { memory } from '../memory/index.ts'
import type { TopicOptions } from '../options/topic-options.ts'
import { Topic } from './topic.ts'

async function written(counts: readonly number[]) {
  const driver = memory()
  await using topic = Topic('t', { conf: { driver }, create: { partitions: counts.length } })
  await topic.open()
  for (const [partition, count] of counts.entries())
    for (let i = 0; i < count; i++) await topic(`${i}`, { partition, timestamp: i * 1000 })
  return {
    driver,
    lags: async (options: TopicOptions) =>
      (await Topic('t', { conf: { driver }, ...options }).lag()).map(({ lag }) => lag),
  }
}

describe('lag', () => {
  test('lag counts from the committed offset to the end, and needs no open topic', async () => {
    const { driver } = await written([5, 3, 0])
    const groupId = 'Größe ✓'
    const topic = Topic('t', { groupId, conf: { driver } })
    const admin = await driver.client({} as never).admin()
    await admin.commit(groupId, [{ topic: 't', partition: 0, offset: 2 }])
    expect(await topic.lag()).toEqual([
      { topic: 't', partition: 0, committed: 2, end: 5, lag: 3 },
      { topic: 't', partition: 1, committed: undefined, end: 3, lag: 3 },
      { topic: 't', partition: 2, committed: undefined, end: 0, lag: 0 },
    ])
    expect(await topic.committed()).toEqual([{ topic: 't', partition: 0, offset: 2 }])
    await expect(topic('x')).rejects.toMatchObject({ code: 'NOT_OPEN' })
  })

  test('lag does not count records that were deleted before they were read', async () => {
    const { driver } = await written([0, 0])
    const topic = Topic('kept', {
      groupId: 'g',
      create: { partitions: 2, config: { 'retention.ms': '1000' } },
      conf: { driver },
    })
    await topic.open()
    const old = { timestamp: Date.now() - 60_000 }
    for (let i = 0; i < 11; i++) await topic(`${i}`, { partition: 0, ...old })
    for (let i = 0; i < 11; i++) await topic(`${i}`, { partition: 1, ...(i < 8 && old) })
    await topic.close()
    const admin = Admin({ driver })
    const at = { topic: 'kept', offset: 2 }
    await (
      await driver.client({} as never).admin()
    ).commit('g', [
      { ...at, partition: 0 },
      { ...at, partition: 1 },
    ])
    expect((await topic.lag()).map(({ committed, end, lag }) => [committed, end, lag])).toEqual([
      [2, 11, 0],
      [2, 11, 3],
    ])
    expect((await admin.offsets('g')).map(({ earliest, lag }) => [earliest, lag])).toEqual([
      [11, 0],
      [8, 3],
    ])
    await admin.close()
  })

  test('without a committed offset lag counts from the position at which reading would start', async () => {
    const { driver, lags } = await written([5, 3])
    const groupId = 'g'
    expect(await lags({ groupId, offset: 1 })).toEqual([4, 2])
    expect(await lags({ groupId, offset: -1 })).toEqual([1, 1])
    expect(await lags({ groupId, offset: { 1: -2 } })).toEqual([5, 2])
    expect(await lags({ groupId, timestamp: 1500 })).toEqual([3, 1])
    expect(await lags({ groupId, timestamp: new Date(9000) })).toEqual([0, 0])
    for (const [autoOffsetReset, expected] of [
      ['latest', [0, 0]],
      ['error', [5, 3]],
    ] as const)
      expect(await lags({ groupId, conf: { driver, autoOffsetReset } })).toEqual(expected)
  })

  test('lag of several topics names each topic, and rejects without a group', async () => {
    const { driver } = await written([1])
    await using other = Topic('u', { conf: { driver }, create: true })
    await other.open()
    expect(await Topic(/^[tu]$/, { groupId: 'g', conf: { driver } }).lag()).toMatchObject([
      { topic: 't', lag: 1 },
      { topic: 'u', lag: 0 },
    ])
    for (const groupId of [null, undefined])
      await expect(Topic('t', { groupId, conf: { driver } }).lag()).rejects.toMatchObject({ code: 'USAGE' })
  })
})
