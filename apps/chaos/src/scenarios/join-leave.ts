import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const MOST = 4

/** Workers join and leave gracefully every few seconds, so that the group keeps rebalancing. */
async function comeAndGo(world: World): Promise<void> {
  world.start()
  await world.progress()
  const end = Date.now() + world.seconds * 1000
  const leaving: Promise<unknown>[] = []
  do {
    const alive = world.alive
    // A worker without a handled record may not have installed its handler for signals.
    const able = alive.filter((worker) => world.atWork(worker))
    const victim = able[Math.floor(world.random() * able.length)]
    const comes = alive.length < 2 || (alive.length < MOST && world.random() < 0.5)
    if (comes) world.log(`${world.start().name} joins`)
    else if (victim && able.length > 1) {
      leaving.push(world.kill(victim, 'SIGTERM'))
      world.log(`${victim.name} leaves`)
    }
    await world.wait(2000 * (0.5 + world.random()))
  } while (Date.now() < end)
  await Promise.all(leaving)
  await world.progress()
}

export const joinLeave: Scenario = {
  name: 'join-leave',
  about: 'workers join and leave every few seconds',
  cases: [
    {
      name: 'join-leave',
      partitions: 6,
      rate: 2000,
      worker: {},
      seconds: 120,
      promises: { duplicates: 'none', stallMs: 15_000 },
      run: comeAndGo,
    },
  ],
}
