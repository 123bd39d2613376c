import { replay } from '@snapstream/kafka'
import { placeOf } from '../place.ts'
import type { TrialOptions, TrialOutcome } from '../trial.ts'
import { waitUntil } from '../wait-until.ts'
import { wrongTries } from './expected.ts'
import { judgeOutputs } from './judge-outputs.ts'
import { committedOrders, judgeStop } from './judge-stop.ts'
import { differences, expectedLetters, readLetters } from './letters.ts'
import { policyOf } from './policy.ts'
import type { Policy, PolicyName } from './policy.ts'
import { poisonedTopics } from './poisoned-topics.ts'
import type { PoisonedTopics } from './poisoned-topics.ts'
import type { Workers } from './workers.ts'

const WORKERS = 3

/**
 * Reads a topic in which one record in a hundred fails, under an error policy. If the policy writes dead letters, replays
 * them to repaired workers.
 */
export function tryPoison(name: PolicyName, concurrency: number) {
  return async (options: TrialOptions): Promise<TrialOutcome> => {
    const topics = await poisonedTopics(options)
    const policy = policyOf(name, topics.dead)
    const start = { policy: policy.onError, concurrency, repaired: false }
    const workers = await topics.start(policy.stops ? 1 : WORKERS, start)
    try {
      await topics.feed()
      if (policy.stops) await waitUntil('the worker stops', () => workers.failure !== undefined, options)
      else await topics.drained(workers)
    } finally {
      await workers.stop()
    }
    if (policy.stops) return stopped(topics, workers, options)
    const outcome = await counted(topics, workers, policy)
    if (name !== 'dead-letter') return outcome
    const healed = await repaired(topics, concurrency, policy, options)
    const { outOfOrder = 0 } = outcome.figures
    // Replayed records follow later ones, so order is judged before the replay.
    const figures = { ...outcome.figures, ...healed.figures, outOfOrder }
    return { figures, problems: [...outcome.problems, ...healed.problems] }
  }
}

/** Checks that every committed order is in the output, and that no partition is committed past its first poison. */
async function stopped(topics: PoisonedTopics, { failure }: Workers, { log }: TrialOptions): Promise<TrialOutcome> {
  log(`stopped: ${failure?.message}`)
  const facts = { ...topics, failure, committed: await topics.committed() }
  const { lost, ...seen } = judgeOutputs(committedOrders(facts), await topics.outputs())
  const { handled, ...rest } = judgeOutputs(topics.orders, await topics.outputs())
  return { figures: { ...seen, ...rest, handled, lost, kills: 1, killsCounted: 1 }, problems: judgeStop(facts) }
}

/** Checks that all good orders are in the output, and that poisoned orders had the expected attempts. */
async function counted(topics: PoisonedTopics, workers: Workers, { retries }: Policy): Promise<TrialOutcome> {
  const { orders, poisoned } = topics
  const good = orders.filter(({ poison }) => poison === undefined)
  const figures = { ...judgeOutputs(good, await topics.outputs()), produced: orders.length }
  return {
    figures: { ...figures, kills: poisoned.length, killsCounted: poisoned.length },
    problems: [...failureOf(workers), ...wrongTries(orders, workers.tries, retries)],
  }
}

/** Checks that each poisoned order is one dead letter, and that two replays bring all of them to the output. */
async function repaired(
  topics: PoisonedTopics,
  concurrency: number,
  { retries }: Policy,
  { log }: TrialOptions,
): Promise<TrialOutcome> {
  const { orders, poisoned, dead } = topics
  const places = (id: number) => `${topics.input} ${placeOf(...topics.placeOf(id))}`
  const problems = [...differences(await readLetters(dead), expectedLetters(poisoned, places, retries))]
  const workers = await topics.start(WORKERS, { policy: 'stop', concurrency, repaired: true })
  try {
    const half = Math.floor(poisoned.length / 2)
    const [first, second] = [await replay(dead, { limit: half }), await replay(dead)]
    log(`replayed ${first.sent} and ${second.sent} of ${poisoned.length} dead letters`)
    problems.push(
      ...differences(
        [`${first.sent}, then ${second.sent} sent and ${second.left} left`, `${await topics.waiting()} wait`],
        [`${half}, then ${poisoned.length - half} sent and 0 left`, '0 wait'],
      ),
    )
    await topics.drained(workers)
  } finally {
    await workers.stop()
  }
  const healed = poisoned.map(({ id }) => ({ id }))
  problems.push(...failureOf(workers), ...wrongTries(healed, workers.tries, retries))
  return { figures: judgeOutputs(orders, await topics.outputs()), problems }
}

const failureOf = ({ failure }: Workers) => (failure ? [`a worker failed: ${failure.message}`] : [])
