import type { Arena } from '../harness/arena.ts'
import type { Trial } from '../suite.ts'
import type { Shape } from './message.ts'
import { outputTrial } from './output-trial.ts'
import { PARTITIONS, VALUE_BYTES } from './settings.ts'

/** The input of a contestant that only writes. */
export type Written = Shape & { readonly brokers: string }

/** A topic for a run that writes the records of a shape, and reports when they are acknowledged. */
export async function writeTrial({ records }: Pick<Shape, 'records'>, arena: Arena): Promise<Trial> {
  const shape = { records, partitions: PARTITIONS, valueBytes: VALUE_BYTES }
  const brokers = await arena.brokers()
  const { input, verify, end } = await outputTrial({ ...shape, brokers, topic: 'written' }, 'written', arena)
  return {
    input: { ...shape, brokers, ...input },
    async verify(outcome) {
      await verify?.(outcome)
      return outcome
    },
    ...(end === undefined ? {} : { end }),
  }
}
