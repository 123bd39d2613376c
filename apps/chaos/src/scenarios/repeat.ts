import type { World } from '../world.ts'

/**
 * Starts three workers, waits until they have settled, and repeats a round until the duration of the case is over.
 * `endMs`: the end of the duration, in ms since the epoch.
 */
export function repeat(round: (world: World, endMs: number) => Promise<void>) {
  return async (world: World): Promise<void> => {
    for (let i = 0; i < 3; i++) world.start()
    await world.settled()
    const endMs = Date.now() + world.seconds * 1000
    do await round(world, endMs)
    while (Date.now() < endMs)
  }
}
