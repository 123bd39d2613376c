import type { Day } from '../scenario.ts'
import type { World } from '../world.ts'
import { repeat } from './repeat.ts'

const SESSION_MS = 6000

/** Kills a random worker of three and starts another in its place, but only while the group is at rest. */
const killAtRest = repeat(async (world: World) => {
  const alive = world.alive
  const victim = alive[Math.floor(world.random() * alive.length)]
  if (!victim) throw new Error('no worker is left to kill')
  const { uncommitted } = await world.kill(victim, 'SIGKILL')
  world.start()
  await world.settled()
  world.log(`SIGKILL of ${victim.name}, ${uncommitted} not committed; all partitions go on`)
  await world.wait(1000)
})

/** How long readers of the output wait until other members have the partitions of a dead one. */
export const takeOver: Day = {
  name: 'take-over',
  partitions: 6,
  rate: 1500,
  worker: { sessionTimeoutMs: SESSION_MS },
  seconds: 45,
  promises: { counted: 3, readerStallMs: SESSION_MS + 1000 },
  run: killAtRest,
}
