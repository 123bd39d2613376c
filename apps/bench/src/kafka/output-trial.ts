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
import type { Kind } from './content.ts'
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
  return trial(load, kind, arena, async (admin, { output }) => {
    const { partitions } = await admin.describeTopic(output)
    return partitions.reduce((sum, { latest }) => sum + latest, 0)
  })
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

async function trial(
  load: Load,
  kind: Kind,
  arena: Arena,
  countWritten: (admin: Admin, input: Output) => Promise<number>,
): Promise<Trial> {
  const { brokers, records, partitions, valueBytes, keys } = load
  const { expected: expect, create } = contents[kind]
  const expected = await arena.once(`${kind} of ${[records, valueBytes, keys].join(' ')}`, async () => expect(load))
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
        if (count >= records) return { messages: records, ms: 1 }
        if (signal.aborted) throw new Error(`it wrote ${count} records of ${records}`)
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
      if (content.checksum !== expected) throw new Error(`it wrote ${content.checksum}, and not ${expected}`)
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
