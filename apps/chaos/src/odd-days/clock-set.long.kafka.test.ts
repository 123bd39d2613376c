import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Admin, Topic } from '@snapstream/kafka'
import { describe, expect, test, vi } from 'vitest'
import { DRIVERS } from '../worker-plan.ts'
import type { DriverName } from '../worker-plan.ts'
import type { ClockPlan } from './clock-program.ts'
import { brokers, confOf, fresh, withOtherTools } from './odd-day.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const STEPS = [HOUR, -HOUR, DAY, -DAY, 0]
/** By default a broker refuses timestamps more than an hour ahead. */
const anyTime = { 'message.timestamp.after.max.ms': '9223372036854775807' }
const patience = { timeout: 20_000, interval: 50 }
const sourceFile = (name: string) => fileURLToPath(new URL(name, import.meta.url))

function start(plan: ClockPlan) {
  const events: unknown[] = []
  let checkpoints = 0
  let shiftedTo = 0
  const child = fork(sourceFile('clock-program.ts'), [JSON.stringify(plan)], {
    execArgv: ['--import', 'tsx', '--import', sourceFile('shift-clock.ts'), '--conditions=@snapstream/source'],
  })
  child.on('message', (told: { event?: string; checkpoint?: true; shifted?: number }) => {
    if (told.checkpoint) checkpoints++
    else if (told.shifted === undefined) events.push(told)
    else shiftedTo = told.shifted
  })
  const gone = once(child, 'exit').then(([code]) => code as number | null)
  return {
    events,
    gone,
    checkpoints: () => checkpoints,
    async shift(shiftMs: number) {
      child.send({ shiftMs })
      await vi.waitFor(() => expect(shiftedTo).toBe(shiftMs), patience)
    },
    kill: () => child.kill('SIGKILL'),
  }
}

async function times(name: string, driver: DriverName): Promise<{ value: string; timestamp: number }[]> {
  await using topic = Topic(name, { conf: confOf(driver) })
  const read = []
  for await (const { value, timestamp } of topic.slice(0)) read.push({ value, timestamp })
  return read
}

describe.skipIf(brokers === '').each(DRIVERS)('setting the system clock, with %s', (driver) => {
  test('keeps membership and waits intact, and timestamps follow the clock', { timeout: 90_000 }, async () => {
    const plan = { brokers, driver, from: fresh('from'), to: fresh('to'), groupId: fresh('group') }
    await using admin = Admin(confOf(driver))
    await admin.createTopic(plan.from, { partitions: 1 })
    await admin.createTopic(plan.to, { partitions: 1, config: anyTime })
    await using input = Topic(plan.from, { conf: confOf(driver) })
    await input.open()
    const reading = start(plan)
    try {
      const expected: { value: string; at: number }[] = []
      const say = async (value: string, shiftMs: number) => {
        await input(value)
        expected.push({ value, at: Date.now() + shiftMs })
        const written = () => withOtherTools(async (other) => Number((await other.fetchTopicOffsets(plan.to))[0]?.high))
        await vi.waitFor(async () => expect(await written()).toBe(expected.length), patience)
      }
      await say('as it is', 0)
      for (const step of STEPS) {
        await reading.shift(step)
        // Commits and heartbeats continue at the new time.
        await say(`at ${step}`, step)
        const before = reading.checkpoints()
        const committed = async () => (await admin.offsets(plan.groupId))[0]?.committed
        await vi.waitFor(async () => expect(await committed()).toBe(expected.length), patience)
        const end = performance.now() + 1000
        await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(end), patience)
        await say(`later at ${step}`, step)
        await vi.waitFor(() => expect(reading.checkpoints()).toBeGreaterThan(before), patience)
      }
      await input('last')
      expect(await reading.gone).toBe(0)
      expect(reading.events).toEqual([{ event: 'assigned', lanes: 1 }])
      const written = await times(plan.to, driver)
      expect(written.map(({ value }) => value)).toEqual(expected.map(({ value }) => value))
      for (const [i, { timestamp }] of written.entries())
        expect(Math.abs(timestamp - (expected[i]?.at ?? 0))).toBeLessThan(HOUR / 2)
    } finally {
      reading.kill()
    }
  })
})
