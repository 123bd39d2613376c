import type { Arena } from '../harness/arena.ts'
import type { Trial } from '../suite.ts'
import { content } from './content.ts'
import { expectedLines } from './expected-lines.ts'
import { countAppended, trialOf } from './output-trial.ts'
import type { TimedLoad, TimedShape } from './timed-load.ts'

/** Two topics with the same keys and timestamps, and the time within which their records are joined. */
export interface JoinLoad extends TimedLoad {
  /** The other topic. */
  readonly right: string
  readonly withinMs: number
  readonly graceMs: number
}

/** Two joined messages: the id of each. */
export interface Pair {
  readonly left: number
  readonly right: number
}

/** A topic for the pairs of two topics. */
export async function joinTrial(load: JoinLoad, arena: Arena): Promise<Trial> {
  const expected = await arena.once(`pairs of ${load.topic}`, async () => expectedLines(expectedPairs(load)))
  return trialOf(load, {
    ...expected,
    countWritten: countAppended,
    create: () =>
      content((value) => {
        const { left, right } = value as Pair
        return `${left}|${right}`
      }),
  })
}

/** The pairs of two topics with the same records, in which a key comes again only after the time of the join. */
function* expectedPairs({ records, keys }: TimedShape): Generator<string> {
  for (let i = 0; i < records; i++) yield `k${i % keys}|${i}|${i}`
}
