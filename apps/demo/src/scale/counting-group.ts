import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Admin } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import { memory } from '@snapstream/kafka/memory'
import type { Names } from './counting-app.ts'
import { startLocalWorker } from './local-worker.ts'
import { startProcessWorker } from './process-worker.ts'
import type { Worker } from './worker.ts'

/** Workers that share the partitions of a topic with orders. */
export interface CountingGroup extends AsyncDisposable {
  readonly names: Names
  /** The settings with which the topics are written and read beside the workers. */
  readonly conf: KafkaConf
  /** The workers that run. */
  readonly workers: readonly Worker[]
  /** Starts a worker with a folder of its own, which is that of the last worker with this name. */
  start(name: string): void
  /** Ends a worker without any further request to the broker, as SIGKILL does. */
  kill(name: string): Promise<void>
  /** Ends a worker gracefully. */
  stop(name: string): Promise<void>
}

interface GroupOptions {
  /** The folder of the workers' folders. */
  readonly folder: string
  readonly partitions: number
  /** Addresses of Kafka brokers: each worker is a process. Undefined: a broker in memory, and each worker is an app. */
  readonly brokers: string | undefined
}

/** Creates the topics of a group under new names. Disposing it kills its workers and removes topics and group. */
export async function openCountingGroup({ folder, partitions, brokers }: GroupOptions): Promise<CountingGroup> {
  const groupId = `demo-scale-${randomUUID().slice(0, 8)}`
  const names = { orders: `${groupId}-orders`, totals: `${groupId}-totals`, groupId }
  const driver = memory()
  const conf = brokers === undefined ? { driver } : { brokers }
  const admin = Admin(conf)
  for (const topic of [names.orders, names.totals]) await admin.createTopic(topic, { partitions })
  const workers: Worker[] = []

  function take(name: string): Worker {
    const index = workers.findIndex((worker) => worker.name === name)
    const [worker] = index < 0 ? [] : workers.splice(index, 1)
    if (worker === undefined) throw new Error(`no worker ${name} runs`)
    return worker
  }

  return {
    names,
    conf,
    workers,
    start(name) {
      const own = join(folder, name)
      workers.push(
        brokers === undefined
          ? startLocalWorker({ name, names, folder: own, memory: driver })
          : startProcessWorker(name, { names, folder: own, brokers }),
      )
    },
    kill: (name) => take(name).kill(),
    stop: (name) => take(name).stop(),
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(workers.map((worker) => worker.kill()))
      const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(groupId))
      for (const topic of topics) await admin.deleteTopic(topic)
      // Kafka removes an empty group by itself, and a group with killed members cannot be deleted yet.
      await admin.deleteGroup(groupId).catch(() => {})
      await admin.close()
    },
  }
}
