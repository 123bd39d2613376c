import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cache } from '@snapstream/cache'
import { Admin } from '@snapstream/kafka'
import { startFeeder } from '../feeder.ts'
import { readRecords } from '../read-records.ts'
import type { TrialOptions, TrialOutcome } from '../trial.ts'
import { waitUntil } from '../wait-until.ts'
import type { CountingPlan } from './counting-plan.ts'
import { startCounting } from './counting-process.ts'
import type { CountingProcess } from './counting-process.ts'
import { judgeCounts } from './judge-counts.ts'

const CHECKPOINT_MS = 50
const LIFE_MS = 500
const START_MS = 60_000
const END_MS = 300_000

/**
 * A process counts the load into an exactly-once cache. It is killed within 500 ms of its first checkpoint, and the next
 * process continues in the same folder. The number of kills is `records / rate`.
 */
export function tryExactlyOnce(rate: number, grouped: boolean, inTransactions: boolean) {
  return async (options: TrialOptions): Promise<TrialOutcome> => {
    const { addresses: brokers, driver, id, partitions, random, signal, log } = options
    const wanted = Math.round(options.records / rate)
    const topic = `in-${id}`
    const folder = await mkdtemp(join(tmpdir(), 'snapstream-exactly-once-'))
    const plan: CountingPlan = {
      brokers,
      driver,
      topic,
      groupId: grouped ? `group-${id}` : null,
      folder: join(folder, 'cache'),
      concurrency: 4,
      checkpointMs: CHECKPOINT_MS,
      bufferBytes: 20_000,
      inTransactions,
      untilEnd: false,
    }
    {
      await using admin = Admin({ brokers })
      await admin.createTopic(topic, { partitions })
    }
    const feeder = await startFeeder({ brokers, topic, partitions, rate })
    let running: CountingProcess | undefined
    let kills = 0
    try {
      for (; kills < wanted; kills++) {
        const counting = (running = startCounting(plan))
        await waitUntil(
          `counter ${kills + 1} makes a checkpoint`,
          () => counting.checkpoints > 0 || counting.exit !== undefined,
          { signal, withinMs: START_MS },
        )
        await sleep(random() * LIFE_MS, undefined, { signal })
        if (counting.exit) break
        await counting.kill()
        if ((kills + 1) % 20 === 0) log(`${kills + 1} of ${wanted} kills, ${feeder.fed} records`)
      }
      await feeder.stop()
      // The last process counts the rest of the topic and is not killed.
      const last = running?.exit?.code === null ? (running = startCounting({ ...plan, untilEnd: true })) : running
      await waitUntil('the last counter ends', () => last?.exit !== undefined, { signal, withinMs: END_MS })
      const { exit } = last ?? {}
      const badEnd = exit?.code === 0 ? [] : [`a counter ended with ${exit?.code}: ${exit?.stderr.trim()}`]
      const { figures, problems } = judgeCounts(
        await readRecords(brokers, topic),
        await countsIn(plan.folder),
        inTransactions,
      )
      const tooFew = kills < wanted ? [`${kills} kills, ${wanted} are required: the run proves too little`] : []
      const all = [...badEnd, ...tooFew, ...problems]
      if (all.length === 0) await rm(folder, { recursive: true })
      return { figures: { ...figures, kills, killsCounted: kills }, problems: all }
    } finally {
      await feeder.stop().catch(() => {})
      if (running && !running.exit) await running.kill()
    }
  }
}

async function countsIn(folder: string): Promise<ReadonlyMap<string, number>> {
  await using cache = Cache<string, number>(folder)
  await cache.open()
  const counts = new Map<string, number>()
  for await (const [key, count] of cache.entries()) counts.set(key, count)
  return counts
}
