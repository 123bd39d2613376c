import process from 'node:process'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { driverOf } from '../driver-of.ts'
import { placeOf } from '../place.ts'
import type { DriverName } from '../worker-plan.ts'
import type { RivalPlan } from './rival.ts'

const [, , driver, guarantee, plan] = process.argv
const { input, output, groupId, folder: _, ...rest } = JSON.parse(plan ?? '{}') as RivalPlan
process.stdin.resume().once('end', () => process.kill(process.pid, 'SIGKILL'))
process.stdin.unref()

const conf = { ...rest, driver: driverOf(driver as DriverName) }
const app = createApp({ signals: true })
const sink = [Topic(output, { conf, exactlyOnce: guarantee === 'exactly-once' })]
app.snap(Topic(input, { groupId, conf }), { sink })(
  ({ key, partition, offset }) => [key, placeOf(partition, offset)] as const,
)
await app.stream()
