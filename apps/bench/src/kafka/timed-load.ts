import { randomUUID } from 'node:crypto'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { kafkats } from '@snapstream/kafkats'
import type { Arena } from '../harness/arena.ts'
import { recordOf } from './message.ts'
import { PARTITIONS, VALUE_BYTES } from './settings.ts'
import type { Load } from './topic-load.ts'

/** The content of a topic whose records have timestamps of their own. */
export interface TimedShape {
  readonly records: number
  readonly keys: number
  /** The timestamp of the first record, a multiple of a day, in ms since the epoch. */
  readonly startMs: number
  /** The records of each ms of event time. */
  readonly recordsPerMs: number
}

export interface TimedLoad extends Load, TimedShape {
  readonly keys: number
}

const DAY_MS = 86_400_000

/** The timestamp of record `i`. */
export const timeOf = (i: number, { startMs, recordsPerMs }: Pick<TimedShape, 'startMs' | 'recordsPerMs'>): number =>
  startMs + Math.floor(i / recordsPerMs)

/** A topic of records in the order of their timestamps, of yesterday. The first call with a name writes it. */
export function timedLoad(arena: Arena, name: string, shape: Omit<TimedShape, 'startMs'>): Promise<TimedLoad> {
  return arena.once(`timed topic ${name} ${JSON.stringify(shape)}`, async () => {
    const startMs = (Math.floor(Date.now() / DAY_MS) - 1) * DAY_MS
    const timed: TimedShape = { ...shape, startMs }
    const brokers = await arena.brokers()
    const topic = `bench-${randomUUID()}`
    arena.log(`writing ${shape.records} records of ${VALUE_BYTES} bytes to ${PARTITIONS} partitions`)
    const create = { partitions: PARTITIONS, config: { 'max.message.bytes': 10_485_760 } }
    const target = Topic(topic, { create, conf: { brokers, driver: kafkats() } })
    const app = createApp()
    app.snap(timedRecords(timed), { sink: [target] })((record) => record)
    await app.stream()
    return { ...timed, partitions: PARTITIONS, valueBytes: VALUE_BYTES, brokers, topic }
  })
}

function* timedRecords(shape: TimedShape) {
  for (let i = 0; i < shape.records; i++) yield [...recordOf(i, shape), { timestamp: timeOf(i, shape) }] as const
}
