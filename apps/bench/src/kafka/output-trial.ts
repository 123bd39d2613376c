import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp } from '@snapstream/core'
import { Admin, Topic } from '@snapstream/kafka'
import { kafkats } from '@snapstream/kafkats'
import type { Trial } from '../suite.ts'
import { appendTimes } from './append-times.ts'
import { contents } from './content.ts'
import type { Content, Kind } from './content.ts'
import type { Load } from './topic-load.ts'
import type { Arena } from '../harness/arena.ts'

/** The further input of a contestant that writes to a topic. */
export interface Output {
  readonly output: string
  readonly groupId: string
  /** A folder for its state, removed after the run. */
  readonly folder: string
}

const LOOK_MS = 100

/** A topic for the output of a run, with as many records as its input. The output's timestamps are the measurement. */
export function outputTrial(load: Load, kind: Kind, arena: Arena): Promise<Trial> {
  return trial(load, kind, arena, countAppended)
}

/**
 * The same for outputs in transactions. The end of the output does not tell how many records are committed, so the offsets
 * do that are committed in the same transactions.
 */
export function committedOutputTrial(load: Load, kind: Kind, arena: Arena): Promise<Trial> {
  return trial(load, kind, arena, async (admin, { groupId }) => {
    const offsets = await admin.offsets(groupId)
    return offsets.reduce((sum, { committed }) => sum + (committed ?? 0), 0)
  })
}

async function trial(load: Load, kind: Kind, arena: Arena, countWritten: CountWritten): Promise<Trial> {
  const { records, valueBytes, keys } = load
  const { expected, create } = contents[kind]
  const checksum = await arena.once(`${kind} of ${[records, valueBytes, keys].join(' ')}`, async () => expected(load))
  return trialOf(load, { create, checksum, outputs: records, countWritten })
}

/** Counts the records that a contestant has written. */
type CountWritten = (admin: Admin, input: Output) => Promise<number>

/** The records in a topic, of transactions that are not committed as well. */
export const countAppended: CountWritten = async (admin, { output }) => {
  const { partitions } = await admin.describeTopic(output)
  return partitions.reduce((sum, { latest }) => sum + latest, 0)
}

interface ExpectedOutput {
  create(): Content
  readonly checksum: string
  /** The number of records. */
  readonly outputs: number
  readonly countWritten: CountWritten
  /** Called again and again until they are written. */
  waiting?(): Promise<void>
}

/** A topic for the output of a run. The output's timestamps are the measurement. */
export async function trialOf(load: Load, expected: ExpectedOutput): Promise<Trial> {
  const { brokers, records, partitions } = load
  const { create, checksum, outputs, countWritten, waiting } = expected
  const conf = { brokers, driver: kafkats() }
  const admin = Admin(conf)
  const output = `bench-out-${randomUUID()}`
  const folder = await mkdtemp(join(tmpdir(), 'snapstream-bench-'))
  // All contestants are measured by the clock of the broker.
  const config = { 'message.timestamp.type': 'LogAppendTime', 'max.message.bytes': '10485760' }
  await admin.createTopic(output, { partitions, config })
  const input: Output = { output, groupId: `bench-${randomUUID()}`, folder }
  return {
    input,
    async done(signal) {
      for (;;) {
        const count = await countWritten(admin, input)
        if (count >= outputs) return { messages: records, ms: 1 }
        if (signal.aborted) throw new Error(`it wrote ${count} records of ${outputs}`)
        await waiting?.()
        await sleep(LOOK_MS, undefined, { signal }).catch(() => {})
      }
    },
    async verify() {
      const content = create()
      const times = appendTimes()
      const app = createApp()
      const topic = Topic(output, { groupId: null, until: 'end', conf })
      app.snap(topic)(({ key, value, timestamp }) => {
        content.add(key ?? '', value)
        times.add(timestamp)
      })
      await app.stream()
      if (content.checksum !== checksum) throw new Error(`it wrote ${content.checksum}, and not ${checksum}`)
      const mbPerSecond = (records * load.valueBytes) / 1e6 / (times.ms / 1000)
      return { messages: records, ms: times.ms, figures: { steadyRate: times.steadyRate, mbPerSecond } }
    },
    async end() {
      await admin.deleteTopic(output)
      await admin.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
