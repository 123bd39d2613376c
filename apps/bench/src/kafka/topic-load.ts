import { randomUUID } from 'node:crypto'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { kafkats } from '@snapstream/kafkats'
import type { Arena } from '../harness/arena.ts'
import { recordsOf } from './message.ts'
import type { Shape } from './message.ts'
import { PARTITIONS, VALUE_BYTES } from './settings.ts'

/** The input of a contestant that reads a topic. */
export interface Load extends Shape {
  readonly brokers: string
  readonly topic: string
}

/** A topic of a shape. The first call writes it. */
export async function topicLoad(arena: Arena, asked: Pick<Shape, 'records'> & Partial<Shape>): Promise<Load> {
  const shape = { partitions: PARTITIONS, valueBytes: VALUE_BYTES, ...asked }
  return arena.once(`topic ${JSON.stringify(shape)}`, async () => {
    const brokers = await arena.brokers()
    const topic = `bench-${randomUUID()}`
    arena.log(`writing ${shape.records} records of ${shape.valueBytes} bytes to ${shape.partitions} partitions`)
    const create = { partitions: shape.partitions, config: { 'max.message.bytes': 10_485_760 } }
    const target = Topic(topic, { create, conf: { brokers, driver: kafkats() } })
    const app = createApp()
    app.snap(recordsOf(shape), { sink: [target] })((record) => record)
    await app.stream()
    return { ...shape, brokers, topic }
  })
}
