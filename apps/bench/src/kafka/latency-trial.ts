import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp } from '@snapstream/core'
import { Admin, Topic } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import { kafkats } from '@snapstream/kafkats'
import type { Arena } from '../harness/arena.ts'
import type { Trial } from '../suite.ts'
import { recordOf } from './message.ts'
import type { Message } from './message.ts'
import { committedOutputTrial, outputTrial } from './output-trial.ts'
import type { Output } from './output-trial.ts'
import { quantiles } from './quantiles.ts'
import { feed } from './paced-feed.ts'
import { readArrivals } from './read-arrivals.ts'
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

/** The results of a run as they come out. */
interface Results {
  /** Whether one came out. */
  flow(): Promise<boolean>
  /** When each came out, in ms by the clock of this machine and its broker, at the index of its record. */
  times(): Promise<Float64Array>
  end?(): Promise<void>
}

/**
 * A topic that is written at a steady rate while a contestant reads it. How long each record takes is by one clock, the
 * broker's: from the append of the record to the input topic to the append of its result to the output topic.
 */
export async function latencyTrial(load: LatencyLoad, arena: Arena): Promise<Trial> {
  const conf = await confOf(arena)
  const admin = Admin(conf)
  return trial(load, arena, outputTrial, (output, records) => ({
    async flow() {
      const { partitions } = await admin.describeTopic(output)
      return partitions.some(({ latest }) => latest > 0)
    },
    times: () => appended(output, records, conf),
    end: () => admin.close(),
  }))
}

/**
 * The same for results in transactions: to the arrival at a reader with `read_committed`, which is this process. It has the
 * same clock as the broker, which is on the same machine.
 */
export async function committedLatencyTrial(load: LatencyLoad, arena: Arena): Promise<Trial> {
  const conf = await confOf(arena)
  return trial(load, arena, committedOutputTrial, (output, records) => readArrivals(output, records, conf))
}

async function trial(
  { rate, warmUp, records }: LatencyLoad,
  arena: Arena,
  outputTrialOf: typeof outputTrial,
  resultsOf: (output: string, records: number) => Results,
): Promise<Trial> {
  const conf = await confOf(arena)
  const topic = `bench-in-${randomUUID()}`
  const admin = Admin(conf)
  const config = { 'message.timestamp.type': 'LogAppendTime' }
  await admin.createTopic(topic, { partitions: PARTITIONS, config })
  const all = warmUp + records
  const load = { brokers: conf.brokers, topic, partitions: PARTITIONS, valueBytes: VALUE_BYTES, records: all }
  const output = await outputTrialOf(load, 'messages', arena)
  const results = resultsOf((output.input as Output).output, all)
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
      for (const end = performance.now() + READY_MS; !(await results.flow()); await sleep(READY_EVERY_MS))
        if (signal.aborted || performance.now() > end) throw new Error(`nothing came out within ${READY_MS / 1000} s`)
      await feed({ from: 1, to: all, rate, signal, send })
      return (await output.done?.(signal)) ?? { messages: all, ms: 1 }
    },
    async verify(outcome) {
      await output.verify?.(outcome)
      const [came, went] = [await appended(topic, all, conf), await results.times()]
      const took = went.map((at, i) => at - (came[i] ?? Number.NaN)).subarray(warmUp)
      const [p50Ms = 0, p99Ms = 0, p999Ms = 0] = quantiles(took, [0.5, 0.99, 0.999])
      return { messages: records, ms: (records / rate) * 1000, figures: { p50Ms, p99Ms, p999Ms } }
    },
    async end() {
      await results.end?.()
      await output.end?.()
      await admin.deleteTopic(topic)
      await admin.close()
    },
  }
}

const confOf = async (arena: Arena) => ({ brokers: await arena.brokers(), driver: kafkats() })

/** When the broker appended each record. */
async function appended(topic: string, records: number, conf: KafkaConf): Promise<Float64Array> {
  const times = new Float64Array(records)
  const app = createApp()
  app.snap(Topic(topic, { groupId: null, until: 'end', conf }))(({ value, timestamp }) => {
    times[(JSON.parse(value) as Message).id] = timestamp
  })
  await app.stream()
  return times
}
