import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import process from 'node:process'
import { SnapstreamError, createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { driverOf } from '../driver-of.ts'
import type { DriverName } from '../worker-plan.ts'

/** The options of the process, passed as JSON in its first argument. */
export interface ReadingPlan {
  readonly brokers: string
  readonly driver: DriverName
  readonly topic: string
  readonly groupId: string
  readonly connectTimeoutMs: number
  readonly deliveryTimeoutMs: number
}

/** Reads a topic after a line on stdin, and prints each value as JSON, up to the value `last`. */
async function read({ driver, topic, groupId, ...conf }: ReadingPlan): Promise<void> {
  const tell = (what: object) => void process.stdout.write(`${JSON.stringify(what)}\n`)
  const app = createApp()
  const settings = { ...conf, driver: driverOf(driver), sessionTimeoutMs: 6000, heartbeatIntervalMs: 500 }
  app.snap(Topic(topic, { groupId, conf: settings }))(({ value }, { stop }) => {
    tell({ read: value })
    if (value === 'last') stop()
  })
  // Clients do not report failed connections.
  subscribe('net.client.socket', (message) => {
    const { socket } = message as { readonly socket: Socket }
    socket.on('error', (error: NodeJS.ErrnoException) => tell({ refused: error.code }))
  })
  tell({ ready: true })
  await once(process.stdin, 'data')
  process.stdin.unref()
  try {
    await app.stream({}, { checkpointMs: 100 })
  } catch (error) {
    tell({ code: SnapstreamError.is(error) ? error.code : 'unknown', message: String(error) })
  }
}

await read(JSON.parse(process.argv[2] ?? '{}') as ReadingPlan)
