import { readdir, readlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { kafkats } from '@snapstream/kafkats'
import { Store } from '@snapstream/state'
import { COMMIT_MS, FETCH_BYTES } from '../../kafka/settings.ts'
import type { Load } from '../../kafka/topic-load.ts'
import type { Outcome } from '../../suite.ts'
import { backendIn, type Engine } from './backend-in.ts'

export interface Counting {
  readonly groupId: string
  /** A folder for its state, removed after the run. */
  readonly folder: string
}

/** Counts the records of each key in a store. */
export const count =
  (engine: Engine) =>
  async ({ brokers, topic, groupId, folder, records }: Load & Counting): Promise<Outcome> => {
    const source = Topic(topic, { groupId, conf: { brokers, driver: kafkats(), fetchMaxBytes: FETCH_BYTES } })
    const store = Store<string, number>('counts', { folder: backendIn(folder, engine) })
    const app = createApp()
    const checkpoints: number[] = []
    app.on('checkpoint', ({ durationMs, lanes }) => lanes > 0 && checkpoints.push(durationMs))
    let [started, ended, seen, sum, stateFiles] = [0, 0, 0, 0, 0]
    const settle = async (stop: () => void) => {
      ended = performance.now()
      // The last counts are stored.
      await sleep(2 * COMMIT_MS)
      stateFiles = await openFiles(folder)
      stop()
    }
    app.snap(source, { sink: [store] })((message, { stop }) => {
      if (seen === 0) started = performance.now()
      const key = message.key ?? ''
      const counted = (store.of(message).getSync(key) ?? 0) + 1
      sum += counted
      if (++seen === records) void settle(stop)
      return [key, counted] as const
    })
    await app.stream({}, { checkpointMs: COMMIT_MS })
    const checkpointMs = checkpoints.reduce((all, one) => all + one, 0) / checkpoints.length
    return {
      messages: records,
      ms: ended - started,
      checksum: `${seen} records, counts of ${sum}`,
      figures: { stateFiles, checkpointMs, checkpointMaxMs: Math.max(...checkpoints) },
    }
  }

/** The number of files in a folder that this process has open. */
async function openFiles(folder: string): Promise<number> {
  const handles = await readdir('/proc/self/fd')
  const files = await Promise.all(handles.map((handle) => readlink(`/proc/self/fd/${handle}`).catch(() => '')))
  return files.filter((file) => file.startsWith(folder)).length
}
