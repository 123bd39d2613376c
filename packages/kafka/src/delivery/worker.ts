import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp } from '@snapstream/core'
import { Topic } from '../index.ts'

/** The plan of a worker process, as JSON in its first argument. */
export interface WorkerPlan {
  readonly brokers: string
  readonly topics: readonly string[]
  readonly groupId: string
  readonly handleMs: number
  readonly sessionTimeoutMs?: number
  readonly checkpointMs?: number
}

/** A line of its output, as JSON. */
export interface Handling {
  readonly event: 'start' | 'end' | 'stopped'
  readonly pid: number
  readonly at: number
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Reads topics until it is told to end. It reports when it begins and ends to handle each record. */
export async function work(plan: WorkerPlan): Promise<void> {
  const app = createApp({ signals: true })
  const conf = {
    brokers: plan.brokers,
    ...(plan.sessionTimeoutMs !== undefined && { sessionTimeoutMs: plan.sessionTimeoutMs, heartbeatIntervalMs: 1000 }),
  }
  for (const name of plan.topics) {
    const source = Topic(name, { groupId: plan.groupId, conf })
    app.snap(source)(async ({ topic, partition, offset }) => {
      tell('start', topic, partition, offset)
      if (plan.handleMs > 0) await sleep(plan.handleMs)
      tell('end', topic, partition, offset)
    })
  }
  await app.stream({}, { ...(plan.checkpointMs !== undefined && { checkpointMs: plan.checkpointMs }) })
  tell('stopped', '', 0, 0)
}

function tell(event: Handling['event'], topic: string, partition: number, offset: number): void {
  const line: Handling = { event, pid: process.pid, at: Date.now(), topic, partition, offset }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

await work(JSON.parse(process.argv[2] ?? '{}') as WorkerPlan)
