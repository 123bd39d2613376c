import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp } from '@snapstream/core'
import { Admin, Topic } from '@snapstream/kafka'
import { kafkats } from '@snapstream/kafkats'
import type { Arena } from '../harness/arena.ts'
import type { Trial } from '../suite.ts'
import { recordOf } from './message.ts'
import type { Message } from './message.ts'
import { outputTrial } from './output-trial.ts'
import { quantiles } from './quantiles.ts'
import { feed } from './paced-feed.ts'
import { PARTITIONS, VALUE_BYTES } from './settings.ts'

export interface LatencyLoad {
  /** Records a second. */
  readonly rate: number
  /** The first records, which do not count, because the process is not warm yet. */
  readonly warmUp: number
  readonly records: number
}

/** The time for a process to start and to write its first record. */
const READY_MS = 60_000
const READY_EVERY_MS = 200

/**
 * A topic that is written at a steady rate while a contestant reads it. How long each record takes is by one clock, the
 * broker's: from the append of the record to the input topic to the append of its result to the output topic.
 */
export async function latencyTrial({ rate, warmUp, records }: LatencyLoad, arena: Arena): Promise<Trial> {
  const conf = { brokers: await arena.brokers(), driver: kafkats() }
  const topic = `bench-in-${randomUUID()}`
  const admin = Admin(conf)
  const config = { 'message.timestamp.type': 'LogAppendTime' }
  await admin.createTopic(topic, { partitions: PARTITIONS, config })
  const all = warmUp + records
  const load = { brokers: conf.brokers, topic, partitions: PARTITIONS, valueBytes: VALUE_BYTES, records: all }
  const output = await outputTrial(load, 'messages', arena)
  const { output: target } = output.input as { output: string }

  /** Whether a record was written. */
  const flows = async () => {
    const { partitions } = await admin.describeTopic(target)
    return partitions.some(({ latest }) => latest > 0)
  }
  const appended = async (name: string): Promise<Float64Array> => {
    const times = new Float64Array(all)
    const app = createApp()
    app.snap(Topic(name, { groupId: null, until: 'end', conf }))(({ value, timestamp }) => {
      times[(JSON.parse(value) as Message).id] = timestamp
    })
    await app.stream()
    return times
  }
  return {
    input: { ...load, ...output.input },
    async done(signal) {
      await using source = Topic(topic, { conf })
      await source.open()
      const send = (i: number) => {
        const [key, value] = recordOf(i)
        return source(value, { key })
      }
      await send(0)
      for (const end = performance.now() + READY_MS; !(await flows()); await sleep(READY_EVERY_MS))
        if (signal.aborted || performance.now() > end) throw new Error(`nothing came out within ${READY_MS / 1000} s`)
      await feed({ from: 1, to: all, rate, signal, send })
      return (await output.done?.(signal)) ?? { messages: all, ms: 1 }
    },
    async verify(outcome) {
      await output.verify?.(outcome)
      const [came, went] = [await appended(topic), await appended(target)]
      const took = went.map((at, i) => at - (came[i] ?? Number.NaN)).subarray(warmUp)
      const [p50Ms = 0, p99Ms = 0, p999Ms = 0] = quantiles(took, [0.5, 0.99, 0.999])
      return { messages: records, ms: (records / rate) * 1000, figures: { p50Ms, p99Ms, p999Ms } }
    },
    async end() {
      await output.end?.()
      await admin.deleteTopic(topic)
      await admin.close()
    },
  }
}
