import { createApp } from '@snapstream/core'
import type { Events } from '@snapstream/core'
import { Admin, Topic } from '@snapstream/kafka'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startKafka } from '@snapstream/services'
import type { RunningKafka } from '@snapstream/services'
import { driverOf } from '../driver-of.ts'
import { DRIVERS } from '../worker-plan.ts'
import { brokers as shared, fresh, outcomeOf } from './odd-day.ts'

const patience = { timeout: 30_000, interval: 20 }

describe.skipIf(shared === '')('a broker that is down for a while', () => {
  let broker: RunningKafka
  beforeEach(async () => {
    broker = await startKafka({ log: () => {} })
  }, 60_000)
  afterEach(() => broker.stop())

  test.each(DRIVERS)(
    'causes a few trouble events from source and sink, and the stream continues afterwards, with %s',
    async (driver) => {
      const { brokers } = broker
      const [input, output] = [fresh('in'), fresh('out')]
      const conf = { brokers, driver: driverOf(driver), connectTimeoutMs: 60_000 }
      await using admin = Admin({ brokers })
      for (const name of [input, output]) await admin.createTopic(name, { partitions: 1 })

      const app = createApp()
      const troubles: Events['trouble'][] = []
      const seen: string[] = []
      app.on('trouble', (event) => troubles.push(event))
      app.snap(Topic(input, { groupId: fresh('group'), conf }), { name: 'copy', sink: [Topic(output, { conf })] })(
        ({ value }, { stop }) => {
          seen.push(value)
          if (value === 'last') stop()
          return value
        },
      )
      // Gives the sink records to write while the broker is down.
      app.snap(ticks(), { name: 'tick', sink: [Topic(output, { conf })] })((n) => `${n}`)
      const running = app.stream({}, { checkpointMs: 100 })
      await using writer = Topic(input, { conf })
      await writer.open()
      await writer('first')
      await vi.waitFor(
        () => expect(app.health().bindings[0]).toMatchObject({ name: 'copy', handled: 1, lag: 0, inFlight: 0 }),
        patience,
      )

      troubles.length = 0
      await broker.kill('SIGKILL')
      await vi.waitFor(
        () => expect(new Set(troubles.map(({ role }) => role))).toEqual(new Set(['source', 'sink'])),
        patience,
      )
      expect(troubles.find(({ role }) => role === 'source')).toMatchObject({
        bindings: ['copy'],
        error: { code: 'BROKER_UNREACHABLE' },
      })
      expect(troubles.length).toBeLessThan(20)
      // A restart of the process would not help.
      expect(app.health()).toMatchObject({ live: true, ready: true })
      await broker.restart()
      await writer('last')
      expect(await outcomeOf('the stream', running, 60_000)).toEqual({})
      expect(seen.at(-1)).toBe('last')
      expect(app.health().bindings[0]).toMatchObject({ handled: seen.length, lastError: { at: expect.any(Number) } })
    },
    120_000,
  )
})

async function* ticks(): AsyncGenerator<number> {
  for (let n = 0; ; n++) {
    yield n
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
