import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { expect, test } from 'vitest'
import { beside } from './beside.ts'
import { drivers } from './drivers.ts'
import { pythonClient } from './python-client.ts'
import { textLine } from './record-line.ts'
import { PARTITIONS } from './test-topics.ts'

const { brokers, topics, client: python } = beside(pythonClient)

test.each(drivers.map((driver) => [driver.name, driver] as const))(
  '%s pauses co-partitioned topics while the leader of the group separates them, and reads all records afterwards',
  async (_, driver) => {
    const [customers, orders] = [await topics.create(), await topics.create()]
    const groupId = customers
    const settings = {
      'group.id': groupId,
      'partition.assignment.strategy': 'cooperative-sticky',
      'session.timeout.ms': 6000,
      'heartbeat.interval.ms': 200,
    }
    for (const topic of [customers, orders]) {
      const records = Array.from({ length: PARTITIONS }, (_, partition) => textLine(partition, `${partition}`))
      await python().produce(topic, records)
    }
    const state = () => python().ask<{ readonly records: readonly unknown[] }>('state', {})
    // The leader subscribes to one topic only, and so assigns the other to our member alone.
    await python().ask('join', { topic: customers, settings })
    // A failed commit during the next rebalance would end the Python member, so all of its commits come first.
    await expect.poll(async () => (await state()).records.length, { timeout: 25_000 }).toBe(PARTITIONS)

    const conf = { brokers, driver, sessionTimeoutMs: 6000, heartbeatIntervalMs: 200 }
    const ours: string[] = []
    const troubles: string[] = []
    const app = createApp()
    app.on('trouble', ({ error }) => troubles.push(error.message))
    app.snap(Topic(orders, { groupId, copartitionedWith: customers, conf }))(({ value }) => void ours.push(`o${value}`))
    app.snap(Topic(customers, { groupId, conf }))(({ value }) => void ours.push(`c${value}`))
    const end = new AbortController()
    const running = app.stream({}, { signal: end.signal, checkpointMs: 100 })
    try {
      const torn = `the leader of the group "${groupId}" does not keep co-partitioned topics together: ${orders}/0, `
      await expect.poll(() => troubles.some((text) => text.includes(torn)), { timeout: 25_000 }).toBe(true)
      expect(ours).toEqual([])
      await python().ask('leave', {})
      // The records of `customers` are committed by the Python member already.
      await expect
        .poll(() => ours.filter((value) => value.startsWith('o')).length, { timeout: 25_000 })
        .toBe(PARTITIONS)
    } finally {
      end.abort()
      await running
    }
  },
  90_000,
)
