import { tryPoison } from '../poison/try-poison.ts'
import type { PolicyName } from '../poison/policy.ts'
import type { Scenario, Trial } from '../scenario.ts'

function variants(policy: PolicyName, shortOnes: readonly number[] = []): readonly Trial[] {
  return [1, 8].map((concurrency) => ({
    name: `poison ${policy}${concurrency > 1 ? ' concurrent' : ''}`,
    partitions: 6,
    rate: 3000,
    seconds: 10,
    ...(shortOnes.includes(concurrency) && { shortSeconds: 2 }),
    attempt: tryPoison(policy, concurrency),
  }))
}

export const poison: Scenario = {
  name: 'poison',
  about: 'one record in a hundred fails, in three ways, under each error policy; dead letters are replayed',
  cases: [
    ...variants('skip', [1]),
    ...variants('function', [8]),
    ...variants('dead-letter', [8]),
    ...variants('stop', [1]),
    ...variants('function-stop'),
  ],
}
