import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { memory } from '@snapstream/kafka/memory'
import { batchedSource } from '../suites/core/batched.ts'
import { numbers, numbersLater } from '../suites/core/works.ts'
import type { Work } from './count-work.ts'

/** A path of messages, and the most promises and timers for each message. */
export interface Path {
  readonly name: string
  readonly messages: number
  readonly atMost: Work
  /** Prepares the run, which is not counted, and returns the run that is. */
  prepare(messages: number): Promise<() => Promise<unknown>>
}

const handler = (n: number) => n * 2
const sink = () => {}

const engine =
  (source: (messages: number) => Parameters<ReturnType<typeof createApp>['snap']>[0]) => async (messages: number) => {
    const app = createApp<{ unit: number }>()
    const onError = { retries: 2, deadLetter: () => {} }
    app.snap(source(messages) as Iterable<number>, { sink: [sink], onError })(handler)
    return () => app.stream({ unit: 1 })
  }

const TOPIC = { create: { partitions: 4 } }

async function writing(messages: number) {
  const topic = Topic('written', { ...TOPIC, conf: { driver: memory() } })
  const app = createApp()
  app.snap(numbers(messages), { sink: [topic] })((n) => [String(n), 'a value'] as const)
  return () => app.stream()
}

async function calling(messages: number) {
  const topic = Topic('called', { ...TOPIC, conf: { driver: memory() } })
  await topic.open()
  await topic('connects')
  return async () => {
    const calls: Promise<void>[] = []
    for (const n of numbers(messages)) calls.push(topic('a value', { key: String(n) }))
    await Promise.all(calls)
    await topic.close()
  }
}

async function reading(messages: number) {
  const conf = { driver: memory() }
  const app = createApp()
  app.snap(numbers(messages), { sink: [Topic('read', { ...TOPIC, conf })] })((n) => [String(n), 'a value'] as const)
  await app.stream()
  app.snap(Topic('read', { groupId: 'readers', until: 'end', conf }), { sink: [sink] })(({ value }) => value)
  return () => app.stream()
}

export const paths: readonly Path[] = [
  {
    name: 'a synchronous source',
    messages: 100_000,
    atMost: { promises: 0.01, timers: 0.01 },
    prepare: engine(numbers),
  },
  {
    name: 'an asynchronous source',
    messages: 100_000,
    atMost: { promises: 5, timers: 0.01 },
    prepare: engine(numbersLater),
  },
  {
    name: 'a source of batches',
    messages: 100_000,
    atMost: { promises: 0.05, timers: 0.01 },
    prepare: engine(batchedSource),
  },
  { name: 'a topic that is read', messages: 20_000, atMost: { promises: 0.1, timers: 0.01 }, prepare: reading },
  { name: 'a topic that is written', messages: 20_000, atMost: { promises: 0.1, timers: 0.01 }, prepare: writing },
  { name: 'a topic that is called', messages: 10_000, atMost: { promises: 3, timers: 0.01 }, prepare: calling },
]
