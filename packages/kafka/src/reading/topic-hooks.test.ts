import { createApp } from '@snapstream/core'
import { expect, test, vi } from 'vitest'
import { memory } from '../memory/index.ts'
import { Topic } from '../topic/topic.ts'
import type { TopicOptions } from '../options/topic-options.ts'

async function member(driver: ReturnType<typeof memory>, log: string[], options: TopicOptions = {}) {
  const topic = Topic('t', { groupId: 'g', create: { partitions: 2 }, conf: { driver }, ...options })
  const app = createApp()
  app.snap(topic)(({ partition }) => void log.push(`message of ${partition}`))
  const stopping = new AbortController()
  const running = app.stream({}, { signal: stopping.signal, checkpointMs: 10 })
  running.catch(() => {})
  return { topic, running, stopping }
}

test('onAssigned is awaited before the first message, and onRevoked before other members get the partitions', async () => {
  const driver = memory()
  const log: string[] = []
  await using writer = Topic('t', { create: { partitions: 2 }, conf: { driver } })
  await writer.open()
  for (const partition of [0, 1]) await writer('x', { partition })
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20))
  const hooks = (name: string): TopicOptions => ({
    async onAssigned(partitions) {
      await pause()
      log.push(`${name} has ${partitions.map(({ partition, offset }) => `${partition} from ${offset}`).join(', ')}`)
    },
    async onRevoked(partitions, reason) {
      await pause()
      log.push(`${name} gives ${partitions.map(({ partition }) => partition).join(', ')}: ${reason}`)
    },
  })
  const first = await member(driver, log, hooks('a'))
  await vi.waitFor(() => expect(log).toHaveLength(3))
  expect(log[0]).toBe('a has 0 from 0, 1 from 0')
  const second = await member(driver, log, hooks('b'))
  await vi.waitFor(() => expect(log).toHaveLength(6))
  expect(log[3]).toBe('a gives 0, 1: revoked')
  expect(log.slice(4).toSorted((x, y) => (x < y ? -1 : 1))).toEqual(['a has 0 from 1', 'b has 1 from 1'])
  for (const { stopping, running } of [second, first]) {
    stopping.abort()
    await running
  }
  expect(log.filter((line) => line.startsWith('b gives'))).toEqual(['b gives 1: revoked'])
  expect(log.at(-1)).toMatch(/^a gives 0(, 1)?: revoked$/)
})

test('a hook that throws ends the stream with an error that names it', async () => {
  for (const hook of ['onAssigned', 'onRevoked'] as const) {
    const log: string[] = []
    const fail = () => {
      log.push(hook)
      throw new Error('no')
    }
    const { running, stopping } = await member(memory(), log, { [hook]: fail })
    if (hook === 'onRevoked') setTimeout(() => stopping.abort(), 50)
    await expect(running).rejects.toMatchObject({ code: 'SOURCE_FAILED', message: `${hook} of Topic(t) failed: no` })
    expect(log).toEqual([hook])
  }
})

test('a hook that takes longer than rebalanceTimeoutMs ends the stream with an error that names it', async () => {
  const driver = memory()
  const conf = { driver, rebalanceTimeoutMs: 50 }
  const { running } = await member(driver, [], { conf, onAssigned: () => new Promise(() => {}) })
  await expect(running).rejects.toMatchObject({
    code: 'PROCESSING_TIMEOUT',
    message: expect.stringContaining('onAssigned of Topic(t) took longer than rebalanceTimeoutMs (50)') as string,
  })
})

test('a partition that onAssigned seeks is read from there, and the group goes on from there', async () => {
  const driver = memory()
  const log: string[] = []
  await using writer = Topic('t', { create: { partitions: 2 }, conf: { driver } })
  await writer.open()
  for (const partition of [0, 1]) for (const value of ['a', 'b', 'c']) await writer(value, { partition })
  const start = (name: string, to: (partition: number) => number | 'earliest') => {
    const topic = Topic('t', {
      groupId: 'g',
      conf: { driver },
      async onAssigned(partitions) {
        for (const { partition } of partitions) {
          await topic.seek('latest', { partition })
          await topic.seek(to(partition), { partition })
        }
        log.push(`${name} has ${partitions.length}`)
      },
    })
    const app = createApp()
    app.snap(topic)(({ partition, value }) => void log.push(`${name} ${partition}${value}`))
    const stopping = new AbortController()
    const running = app.stream({}, { signal: stopping.signal, checkpointMs: 10 })
    const end = async () => {
      stopping.abort()
      await running
    }
    return { topic, end }
  }
  const first = start('x', (partition) => 1 + partition)
  await vi.waitFor(() => expect(log).toHaveLength(4))
  expect(log[0]).toBe('x has 2')
  expect(log.slice(1).toSorted()).toEqual(['x 0b', 'x 0c', 'x 1c'])
  await first.end()

  // All offsets were committed.
  log.length = 0
  const second = start('y', () => 'earliest')
  await vi.waitFor(() => expect(log).toHaveLength(7))
  expect(log.slice(1).toSorted()).toEqual(['y 0a', 'y 0b', 'y 0c', 'y 1a', 'y 1b', 'y 1c'])
  await second.end()

  // A paused topic handles no message, and its seek is committed all the same.
  log.length = 0
  const third = start('z', () => -1)
  third.topic.pause()
  await vi.waitFor(() => expect(log).toEqual(['z has 2']))
  await vi.waitFor(async () => expect(await third.topic.lag()).toMatchObject([{ committed: 2 }, { committed: 2 }]))
  await third.end()
})
