import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cache } from '@snapstream/cache'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { driverOf } from '../driver-of.ts'
import type { CountingPlan } from './counting-plan.ts'
import { sharedOf } from './judge-counts.ts'

const SLOWEST_MS = 4
const FAILING = 0.01

/** Counts the records of each key, and adds their values up, each in an entry of its own that it reads before it writes. */
async function count(plan: CountingPlan): Promise<void> {
  const { brokers, driver, groupId, concurrency, checkpointMs, bufferBytes } = plan
  // Under one name: the next of its kind gets the partitions at once, and need not wait until the group misses this one.
  const conf = { brokers, driver: driverOf(driver), sessionTimeoutMs: 30_000, groupInstanceId: 'counter' }
  const cache = Cache<string, number>(plan.folder, { exactlyOnce: true, bufferBytes })
  const topic = Topic(plan.topic, { groupId, conf, ...(plan.untilEnd && { until: 'end' }) })
  const app = createApp()
  app.on('checkpoint', ({ lanes }) => {
    if (lanes > 0) process.stdout.write('checkpoint\n')
  })
  const add = (key: string, amount: number) => [key, (cache.getSync(key) ?? 0) + amount] as const
  const onError = { retries: 10, backoffMs: 1 }
  const maybeFail = () => {
    if (Math.random() < FAILING) throw new Error('not this time')
  }
  if (plan.inTransactions)
    app.snap(topic, { use: [cache], concurrency, onError })(async ({ key, value }) => {
      maybeFail()
      await sleep(Math.random())
      const kinds = [`${key}`, sharedOf(`${key}`)]
      await cache.transaction(
        kinds.flatMap((kind) => [`count ${kind}`, `sum ${kind}`]),
        async (transaction) => {
          for (const kind of kinds)
            for (const [what, amount] of [
              ['count', 1],
              ['sum', Number(value)],
            ] as const) {
              const before = (await transaction.get(`${what} ${kind}`)) ?? 0
              if (Math.random() < FAILING) await sleep(Math.random() * SLOWEST_MS)
              transaction.put(`${what} ${kind}`, before + amount)
            }
        },
      )
      // What was counted has to be undone.
      maybeFail()
    })
  else
    app.snap(topic, { sink: [cache], concurrency, onError })(async function* ({ key, value }) {
      maybeFail()
      yield add(`count ${key}`, 1)
      await sleep(Math.random() * SLOWEST_MS)
      yield add(`sum ${key}`, Number(value))
    })
  await app.stream({}, { checkpointMs })
}

// Whoever started it is gone, and with it whoever would end it.
process.stdin.resume().once('end', () => process.kill(process.pid, 'SIGKILL'))
process.stdin.unref()

await count(JSON.parse(process.argv[2] ?? '{}') as CountingPlan)
