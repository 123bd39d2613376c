import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

/** Runs one worker whose handler takes more than three times the session timeout. */
async function handleSlowly(world: World): Promise<void> {
  const worker = world.start()
  await world.until('the worker handles a record', () => world.atWork(worker) || !worker.alive)
  world.count('a slow handler')
  await world.wait(world.seconds * 1000)
}

export const slowHandler: Scenario = {
  name: 'slow-handler',
  about: 'a 20 s handler under a session timeout of 6 s; one rebalance, and no record is duplicated',
  cases: [
    {
      name: 'slow-handler',
      partitions: 2,
      rate: 0.1,
      worker: { handleMs: 20_000 },
      seconds: 45,
      // No kill counts: nothing is committed before the first handler ends.
      promises: { duplicates: 'none', rebalances: 1, counted: 0 },
      run: handleSlowly,
    },
  ],
}
