import { createApp, type RestoreProgress } from '@snapstream/core'
import { Topic, type KafkaConf } from '@snapstream/kafka'
import { Store } from '@snapstream/state'
import { FETCH_BYTES } from '../../kafka/settings.ts'
import type { Outcome } from '../../suite.ts'
import type { Value } from '../cache/load.ts'
import { backendIn, type Engine } from './backend-in.ts'
import { STORE, type ChangelogLoad, type Restoring } from './changelog-load.ts'

/** Restores the store, then compares it with the messages of the trial. The time is that of the restore. */
export const restore =
  (engine: Engine, driver: KafkaConf['driver']) =>
  async ({ brokers, topic, groupId, records, folder, samples }: ChangelogLoad & Restoring): Promise<Outcome> => {
    const source = Topic(topic, { groupId, conf: { brokers, driver, fetchMaxBytes: FETCH_BYTES } })
    const store = Store<string, Value>(STORE, { folder: backendIn(folder, engine) })
    const app = createApp()
    const watch = restoreWatch()
    app.on('restore', watch.saw)
    let seen = 0
    app.snap(source, { use: [store] })((message, { stop }) => {
      const found = JSON.stringify(store.of(message).getSync(message.key ?? ''))
      if (found !== message.value) throw new Error(`${message.key} is ${found}, and not ${message.value}`)
      if (++seen === samples) stop()
    })
    await app.stream()
    if (watch.records !== records) throw new Error(`it restored ${watch.records} records, and not ${records}`)
    return { messages: records, ms: watch.ms }
  }

/** Measures from the first report of a restore to the last, as the listener of Kafka Streams does. */
function restoreWatch() {
  const done = new Map<number, number>()
  let [started, ended] = [0, 0]
  return {
    saw(progress: RestoreProgress): void {
      ended = performance.now()
      if (done.size === 0) started = ended
      done.set(progress.partition, progress.done)
    },
    get records() {
      return [...done.values()].reduce((sum, records) => sum + records, 0)
    },
    get ms() {
      return ended - started
    },
  }
}
