import { clock } from '../clock.ts'
import type { Scenario } from '../scenario.ts'
import { repeat } from './repeat.ts'

/** Kills the broker of three workers and restarts it on the same data. */
const restart = repeat(async (world) => {
  await world.wait(2000 * (0.5 + world.random()))
  const from = clock()
  const { uncommitted } = world.count('SIGKILL of the broker')
  await world.broker.kill('SIGKILL')
  await world.broker.restart()
  world.mishap()
  world.log(`the broker is back after ${Math.round(clock() - from)} ms, ${uncommitted} were not committed`)
  try {
    await world.progress()
    // Members that the broker has removed may rejoin after the others.
    await world.wait(3000)
  } finally {
    world.lapse({ worker: undefined, from, to: clock() })
  }
})

export const brokerRestart: Scenario = {
  name: 'broker-restart',
  about: 'three workers; the broker is SIGKILLed and restarted repeatedly',
  cases: [
    {
      name: 'broker-restart',
      partitions: 6,
      rate: 1000,
      worker: {},
      seconds: 75,
      promises: { recoveryMs: 15_000, counted: 2 },
      run: restart,
    },
  ],
}
