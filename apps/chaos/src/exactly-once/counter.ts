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

/** Keeps the number of records and the sum of their values per key, in two entries that each record reads and writes. */
async function count(plan: CountingPlan): Promise<void> {
  const { brokers, driver, groupId, concurrency, checkpointMs, bufferBytes } = plan
  // Static membership: the next process gets the partitions at once, without waiting for the session timeout.
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
      // A failure here has to undo the transaction.
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

// Ends with the process that started it.
process.stdin.resume().once('end', () => process.kill(process.pid, 'SIGKILL'))
process.stdin.unref()

await count(JSON.parse(process.argv[2] ?? '{}') as CountingPlan)
