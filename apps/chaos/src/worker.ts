import { openSync, writeSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { TopicRecord } from '@snapstream/kafka'
import { clock } from './clock.ts'
import { driverOf } from './driver-of.ts'
import { handlingLine } from './handling.ts'
import { handoverLine } from './handover.ts'
import { placeOf } from './place.ts'
import type { WorkerPlan } from './worker-plan.ts'

/** Reads the input until a signal ends the process. Writes the place of each record to the output. */
async function work(plan: WorkerPlan): Promise<void> {
  const log = openSync(plan.log, 'a')
  // Written synchronously for each record: a killed process loses its buffers.
  const tell = (...line: Parameters<typeof handlingLine>) => void writeSync(log, handlingLine(...line))
  const { brokers, sessionTimeoutMs, heartbeatIntervalMs, handleMs, concurrency, connectTimeoutMs } = plan
  const driver = driverOf(plan.driver)
  const conf = { brokers, driver, sessionTimeoutMs, heartbeatIntervalMs, connectTimeoutMs }

  const handle = ({ partition, offset, key }: TopicRecord<string>) => {
    const start = clock()
    const output = [key, placeOf(partition, offset)] as const
    tell(partition, offset, start, clock())
    return output
  }
  const handleSlowly = async ({ partition, offset, key }: TopicRecord<string>) => {
    const start = clock()
    tell(partition, offset, start)
    await sleep(handleMs)
    tell(partition, offset, start, clock())
    return [key, placeOf(partition, offset)] as const
  }

  const app = createApp({ signals: true })
  app.on('revoked', ({ lanes }) => {
    for (const lane of lanes) writeSync(log, handoverLine(Number(String(lane).split('/').at(-1)), clock()))
  })
  const source = Topic(plan.input, { groupId: plan.groupId, conf })
  const options = {
    sink: [Topic(plan.output, { conf, exactlyOnce: plan.exactlyOnce })],
    ...(concurrency !== undefined && { concurrency }),
  } as const
  app.snap(source, options)(handleMs > 0 ? handleSlowly : handle)
  await app.stream()
}

// Ends with the process that started it.
process.stdin.resume().once('end', () => process.kill(process.pid, 'SIGKILL'))
process.stdin.unref()

await work(JSON.parse(process.argv[2] ?? '{}') as WorkerPlan)
