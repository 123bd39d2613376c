import process from 'node:process'
import { SnapstreamError, createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { driverOf } from '../driver-of.ts'
import type { DriverName } from '../worker-plan.ts'

/** The options of the process, passed as JSON in its first argument. */
export interface BombPlan {
  readonly brokers: string
  readonly driver: DriverName
  readonly topic: string
}

/** The report of the process at the end of the topic, as JSON on stdout. */
export interface BombReport {
  /** The values read, by partition. */
  readonly values: Readonly<Record<number, readonly string[]>>
  readonly skipped: readonly {
    readonly code: string
    readonly partition: number | undefined
    readonly offset: number | undefined
    readonly nextOffset: number | undefined
    readonly message: string
  }[]
  readonly peakBytes: number
  /** The longest time in which the event loop was blocked. */
  readonly longestMs: number
}

const { brokers, driver, topic } = JSON.parse(process.argv[2] ?? '{}') as BombPlan
const values: Record<number, string[]> = {}
const skipped: BombReport['skipped'][number][] = []
let longestMs = 0
let last = performance.now()
setInterval(() => {
  longestMs = Math.max(longestMs, performance.now() - last)
  last = performance.now()
}, 5).unref()

const app = createApp()
app.on('skip', ({ error }) => {
  if (!SnapstreamError.is(error)) throw error
  const { code, partition, offset, nextOffset, message } = error
  skipped.push({ code, partition, offset, nextOffset, message })
})
const source = Topic(topic, {
  groupId: `${topic}-${driver}`,
  until: 'end',
  conf: { brokers, driver: driverOf(driver) },
})
app.snap(source, { onError: 'skip' })(({ partition, value }) => {
  ;(values[partition] ??= []).push(value)
})
last = performance.now()
await app.stream()
const peakBytes = process.resourceUsage().maxRSS * 1024
process.stdout.write(JSON.stringify({ values, skipped, peakBytes, longestMs } satisfies BombReport))
