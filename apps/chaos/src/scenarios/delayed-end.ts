import { setTimeout as sleep } from 'node:timers/promises'
import { API_KEYS } from '../kafka-requests.ts'
import type { KafkaRequest } from '../kafka-requests.ts'
import type { Day } from '../scenario.ts'
import type { World } from '../world.ts'

const TRANSACTION_TIMEOUT_MS = 10_000

/**
 * Holds requests back that end a transaction, and delivers them late. `late`: for how long, in ms. `alone`: the connection of
 * the worker is reset meanwhile, so that the worker ends its transaction over another one and begins the next: the late
 * request must not end that.
 */
function delayEnds(late: (world: World) => number, alone: boolean) {
  return async (world: World): Promise<void> => {
    let wanted = false
    let delivered = 0
    async function request({ apiKey, clientId, abandon }: KafkaRequest): Promise<boolean> {
      if (!wanted || apiKey !== API_KEYS.EndTxn) return true
      wanted = false
      const ms = late(world)
      world.log(`EndTxn of ${clientId} is ${Math.round(ms)} ms late`)
      if (alone) abandon()
      await sleep(ms)
      delivered += 1
      return true
    }
    world.proxy.watcher = { request, answer: async () => true }
    try {
      for (let i = 0; i < 3; i++) world.start()
      await world.settled()
      const endMs = Date.now() + world.seconds * 1000
      do {
        const before = delivered
        world.count('a late EndTxn')
        wanted = true
        await world.until('the late request is delivered', () => delivered > before)
        await world.progress()
      } while (Date.now() < endMs)
    } finally {
      world.proxy.watcher = undefined
    }
  }
}

const variant = (name: string, counted: number, run: Day['run'], transactionVersion?: 1): Day => ({
  name: `delayed-end${name}`,
  ...(transactionVersion && { transactionVersion }),
  partitions: 6,
  rate: 1000,
  worker: {},
  seconds: 60,
  promises: { counted },
  run,
})

const outlasts = delayEnds(() => TRANSACTION_TIMEOUT_MS * 2.2, false)
/** From the same transaction to a few later ones: one is committed about every 100 ms. */
const repeated = delayEnds(({ random }) => 500 * random(), true)

export const delayedEnd: readonly Day[] = [
  variant('', 2, outlasts),
  variant(' v1', 2, outlasts, 1),
  variant(' repeated', 20, repeated),
  variant(' repeated v1', 20, repeated, 1),
]
