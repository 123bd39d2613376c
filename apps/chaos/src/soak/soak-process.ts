import { getEventListeners } from 'node:events'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { getHeapCodeStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import { memory } from '@snapstream/kafka/memory'
import { clock } from '../clock.ts'
import { driverOf } from '../driver-of.ts'
import { holdings, leftovers } from './leftovers.ts'
import type { Sample, SoakPlan, SoakReport } from './soak-plan.ts'

/** The largest number of messages under way. The memory topic retains twice as many, so that none is deleted unread. */
const AHEAD = 500
const RETENTION = { records: 2 * AHEAD }
const BATCH = 500
const KEYS = 100
const SETTLED_WITHIN_MS = 5000

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Sends messages through a topic, a handler and another topic, and measures the heap after each round. */
async function soak(plan: SoakPlan): Promise<SoakReport> {
  const { driver, brokers, messages, rounds } = plan
  const conf: KafkaConf =
    driver === 'memory' ? { driver: memory({ retention: RETENTION }) } : { brokers, driver: driverOf(driver) }
  const before = holdings()
  const ended = new AbortController()
  const samples: Sample[] = []
  let [sent, handled, ms] = [0, 0, 0]

  const create = { partitions: 4 }
  const input = Topic(plan.input, { groupId: plan.groupId, conf, create })
  const app = createApp({ signals: true })
  app.snap(input, { sink: [Topic(plan.output, { conf, create })] })(({ key, value }) => {
    handled += 1
    return [key, value] as const
  })
  const running = app.stream({}, { signal: ended.signal })
  const target = Topic(plan.input, { conf, create })
  await target.open()

  let over = false
  const end = () => void (over = true)
  running.then(end, end)

  /**
   * Resolves when at most `most` messages are under way. Rejects if the stream has failed. Polls instead of racing with the
   * promise of the stream, because each lost race would leave a reaction on that promise.
   */
  const caughtUp = async (most: number) => {
    while (sent - handled > most && !over) await sleep(1)
    if (over) await running
  }
  for (let round = 1; round <= rounds; round++) {
    const startedAt = clock()
    for (const end = Math.round((messages / rounds) * round); sent < end;) {
      const batch: Promise<void>[] = []
      for (; sent < end && batch.length < BATCH; sent++)
        batch.push(target(`message ${sent} of a long day at work`, { key: `k${sent % KEYS}` }))
      await Promise.all(batch)
      await caughtUp(AHEAD)
    }
    await caughtUp(0)
    ms += clock() - startedAt
    samples.push({ messages: handled, bytes: await bytesInUse() })
  }

  ended.abort()
  await running
  await target.close()
  const left = await whatIsLeft(before)
  const listeners = getEventListeners(ended.signal, 'abort').length
  return { samples, handled, ms, leftovers: [...left, ...(listeners > 0 ? [`${listeners} listeners of abort`] : [])] }
}

/**
 * Waits 100 ms for the sinks to acknowledge their messages, which are no leak. Leaves out compiled code: V8 compiles for
 * minutes, and the size of the code is bounded by the program, not by the number of messages.
 */
async function bytesInUse(): Promise<number> {
  await sleep(100)
  collect()
  await sleep(1)
  collect()
  const { heapUsed, external } = process.memoryUsage()
  const code = getHeapCodeStatistics()
  return heapUsed + external - code.code_and_metadata_size - code.bytecode_and_metadata_size
}

/** Waits up to 5 s, because a closed socket is active for a moment longer. */
async function whatIsLeft(before: ReturnType<typeof holdings>): Promise<readonly string[]> {
  const end = clock() + SETTLED_WITHIN_MS
  for (;;) {
    const left = leftovers(before, holdings())
    if (left.length === 0 || clock() > end) return left
    await sleep(20)
  }
}

// No process.exit(): a leftover that keeps the process alive has to show.
process.stdout.write(`${JSON.stringify(await soak(JSON.parse(process.argv[2] ?? '{}') as SoakPlan))}\n`)
