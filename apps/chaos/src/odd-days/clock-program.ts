import process from 'node:process'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { driverOf } from '../driver-of.ts'
import type { DriverName } from '../worker-plan.ts'

/** The options of the process, passed as JSON in its first argument. */
export interface ClockPlan {
  readonly brokers: string
  readonly driver: DriverName
  readonly from: string
  readonly to: string
  readonly groupId: string
}

/** Copies records to another topic, with the time of this process as their timestamps, and reports events to its parent. */
const { brokers, driver, from, to, groupId } = JSON.parse(process.argv[2] ?? '{}') as ClockPlan
const tell = (what: object) => void process.send?.(what)
const app = createApp()
const conf = { brokers, driver: driverOf(driver), sessionTimeoutMs: 6000, heartbeatIntervalMs: 200 }
const target = Topic(to, { conf })
app.snap(Topic(from, { groupId, conf }), { use: [target] })(async ({ value }, { stop }) => {
  if (value === 'last') return stop()
  await target(value)
})
app.on('assigned', ({ lanes }) => tell({ event: 'assigned', lanes: lanes.length }))
app.on('revoked', ({ reason }) => tell({ event: reason }))
app.on('trouble', ({ error }) => tell({ event: 'trouble', message: error.message }))
app.on('checkpoint', () => tell({ checkpoint: true }))
await app.stream({}, { checkpointMs: 100 })
process.disconnect()
