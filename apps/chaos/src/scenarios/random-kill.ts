import type { Day, Scenario } from '../scenario.ts'
import type { World } from '../world.ts'
import { repeat } from './repeat.ts'

/** Ends a random worker of three about every `everyMs` and starts another in its place. */
export function killEvery(everyMs: number, signal: 'SIGKILL' | 'SIGTERM') {
  const kills = repeat(async (world, endMs) => {
    await world.wait(Math.min(everyMs * (0.75 + world.random() / 2), Math.max(1000, endMs - Date.now())))
    const alive = world.alive
    const victim = alive[Math.floor(world.random() * alive.length)]
    if (!victim) throw new Error('no worker is left to kill')
    const ending = world.kill(victim, signal)
    world.start()
    const { uncommitted, counted } = await ending
    world.log(`${signal} of ${victim.name}, ${uncommitted} not committed${counted ? '' : ', does not count'}`)
  })
  return async (world: World): Promise<void> => {
    await kills(world)
    await world.progress()
  }
}

const EVERY_MS = 8000
const threeWorkers = { partitions: 6, rate: 5000, worker: {}, seconds: 180 } satisfies Partial<Day>

export const randomKill: Scenario = {
  name: 'random-kill',
  about: 'three workers, six partitions; a random worker is SIGKILLed about every 8 s and replaced',
  cases: [
    {
      ...threeWorkers,
      name: 'random-kill',
      shortSeconds: 2,
      promises: { duplicates: 'uncommitted', stallMs: 15_000, ownStallMs: 2000, counted: 20 },
      run: killEvery(EVERY_MS, 'SIGKILL'),
    },
  ],
}

export const graceful: Scenario = {
  name: 'graceful',
  about: 'the same with SIGTERM; no record is lost or duplicated',
  cases: [
    {
      ...threeWorkers,
      name: 'graceful',
      shortSeconds: 2,
      promises: { duplicates: 'none', stallMs: 15_000, ownStallMs: 2000 },
      run: killEvery(EVERY_MS, 'SIGTERM'),
    },
  ],
}
