import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Topic, replay } from '../index.ts'

/** The plan of a process that replays, as JSON in its first argument. */
export interface ReplayPlan {
  readonly brokers: string
  readonly topic: string
  readonly sessionTimeoutMs: number
  /** How long it waits before it sends each, in ms. */
  readonly whereMs: number
}

/** Replays dead letters, and prints a dot before it sends each. */
export async function work({ brokers, topic, sessionTimeoutMs, whereMs }: ReplayPlan): Promise<void> {
  const dead = Topic(topic, { conf: { brokers, sessionTimeoutMs, heartbeatIntervalMs: 1000 } })
  await replay(dead, {
    where: async () => {
      await sleep(whereMs)
      process.stdout.write('.')
      return true
    },
  })
}

await work(JSON.parse(process.argv[2] ?? '{}') as ReplayPlan)
