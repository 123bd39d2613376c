import { clock } from '../clock.ts'
import type { Day, Scenario } from '../scenario.ts'
import type { World } from '../world.ts'
import { repeat } from './repeat.ts'

const BACK_WITHIN_MS = 15_000

/**
 * Disturbs the network of three workers repeatedly. `make` causes the failure and resolves when it is over. No worker is
 * restarted.
 */
function disturb(what: string, make: (world: World) => Promise<void>) {
  return repeat(async (world) => {
    const from = clock()
    const { uncommitted } = world.count(what)
    try {
      await make(world)
    } finally {
      world.proxy.blackHole = false
      world.proxy.latencyMs = 0
    }
    world.mishap()
    world.log(`${what}: the network is back, ${uncommitted} were not committed before`)
    try {
      await world.progress()
      // Members may learn one after the other that the group went on without them.
      await world.wait(BACK_WITHIN_MS / 3)
    } finally {
      world.lapse({ worker: undefined, from, to: clock() })
    }
  })
}

const variant = (name: string, seconds: number, run: Day['run'], worker: Day['worker'] = {}): Day => ({
  name: `network ${name}`,
  partitions: 6,
  rate: 1000,
  worker,
  seconds,
  promises: { recoveryMs: BACK_WITHIN_MS },
  run,
})

const blackHole = disturb('nothing gets through for 40 s', async (world) => {
  world.proxy.blackHole = true
  await world.wait(40_000)
})
const halfOpen = disturb('connections are half-open', async (world) => world.proxy.halfOpen())
/** For workers that wait for their broker for longer than any failure lasts. */
const PATIENT = { connectTimeoutMs: 120_000 }

export const network: Scenario = {
  name: 'network',
  about: 'three workers behind a proxy: connections cut, 2 s of latency, a 40 s black hole, half-open connections',
  cases: [
    variant(
      'cut',
      30,
      disturb('all connections are cut', async (world) => {
        for (let i = 0; i < 3; i++) {
          world.proxy.cut()
          await world.wait(500 * world.random())
        }
      }),
    ),
    variant(
      'latency',
      30,
      disturb('a round trip takes 2 s more', async (world) => {
        world.proxy.latencyMs = 1000
        await world.wait(20_000)
      }),
    ),
    variant('black-hole', 45, blackHole),
    variant('black-hole patient', 45, blackHole, PATIENT),
    variant('half-open', 45, halfOpen),
    variant('half-open patient', 45, halfOpen, PATIENT),
  ],
}
