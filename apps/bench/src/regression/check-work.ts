import { createApp } from '@snapstream/core'
import { numbers } from '../suites/core/works.ts'
import { countWork } from './count-work.ts'
import { paths } from './paths.ts'

/** Of a loop over the same generator; what it is on a quiet machine is in RESULTS.md, and well above. */
const LEAST_OF_LOOP = 0.1
const TRIES = 10
const MESSAGES = 1_000_000

/**
 * Whether the speed that was designed in is still there, told in a way that a busy machine cannot change: promises and
 * timers are counted, which are the same however long anything takes. What counts do not show, such as code that the
 * compiler gave up on, would be many times slower, and not a little: for that there is one ratio with a limit far below
 * what it is, of two runs that follow each other at once; the best of several tries has to meet it.
 */
export async function checkWork(log: (line: string) => void): Promise<boolean> {
  let ok = true
  const judge = (good: boolean, line: string) => {
    ok &&= good
    log(`${good ? 'ok    ' : 'FAILED'} ${line}`)
  }
  for (const { name, messages, atMost, prepare } of paths) {
    // The first time has what is made once.
    await (
      await prepare(100)
    )()
    const { promises, timers } = await countWork(await prepare(messages))
    const made = `${promises / messages} promises (at most ${atMost.promises}), ${timers / messages} timers (at most ${atMost.timers})`
    judge(promises <= atMost.promises * messages && timers <= atMost.timers * messages, `${name}: ${made} a message`)
  }
  const best = await bestShare()
  judge(best >= LEAST_OF_LOOP, `a synchronous source: ${best.toFixed(2)} of a loop (at least ${LEAST_OF_LOOP})`)
  return ok
}

async function bestShare(): Promise<number> {
  let best = 0
  for (let i = 0; i < TRIES && best < LEAST_OF_LOOP; i++) {
    const byLoop = await timed(async () => {
      for (const n of numbers(MESSAGES)) sink(handler(n))
    })
    const app = createApp()
    app.snap(numbers(MESSAGES), { sink: [sink] })(handler)
    best = Math.max(best, byLoop / (await timed(() => app.stream())))
  }
  return best
}

let sum = 0
const handler = (n: number) => n * 2
const sink = (n: number) => void (sum += n)

async function timed(f: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await f()
  if (Number.isNaN(sum)) throw new Error('the sink was not called as it should')
  return performance.now() - started
}
