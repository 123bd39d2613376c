import { replay } from '@snapstream/kafka'
import type { DeadLetter, Topic } from '@snapstream/kafka'
import { placeOf } from '../place.ts'
import type { Order } from './order.ts'
import { CODES } from './policy.ts'
import type { Policy } from './policy.ts'
import { BINDING } from './workers.ts'

/** The dead letters of a topic, one line each. A dry run: sends none of them. */
export async function readLetters(dead: Topic<Uint8Array>): Promise<readonly string[]> {
  const found: string[] = []
  const where = ({ origin, code, binding, attempts }: DeadLetter) => {
    const place = origin && `${origin.topic} ${placeOf(origin.partition, origin.offset)}`
    found.push(letterLine({ place, code, binding, attempts }))
    return true
  }
  await replay(dead, { where, dryRun: true })
  return found
}

/** The expected dead letters: one line per poisoned order. `placeOf` returns the place of an order. */
export function expectedLetters(
  poisoned: readonly Order[],
  placeOf: (id: number) => string,
  retries: Policy['retries'],
): readonly string[] {
  return poisoned.flatMap(({ id, poison }) => {
    if (poison === undefined) return []
    return [letterLine({ place: placeOf(id), code: CODES[poison], binding: BINDING, attempts: retries[poison] + 1 })]
  })
}

function letterLine({ place, code, binding, attempts }: Record<'place' | 'code' | 'binding' | 'attempts', unknown>) {
  return `${String(place)}: ${String(code)} in ${String(binding)} after ${String(attempts)}`
}

/** The lines that one list has more often than the other, in words. Empty if both have the same lines. */
export function differences(found: readonly string[], expected: readonly string[]): readonly string[] {
  const count = new Map<string, number>()
  for (const line of expected) count.set(line, (count.get(line) ?? 0) - 1)
  for (const line of found) count.set(line, (count.get(line) ?? 0) + 1)
  const wrong = [...count].filter(([, more]) => more !== 0)
  const say = ([line, more]: readonly [string, number]) =>
    `${line}: ${more > 0 ? `${more} too many` : `${-more} missing`}`
  const rest = wrong.length > MOST ? [`and ${wrong.length - MOST} more like these`] : []
  return [...wrong.slice(0, MOST).map(say), ...rest]
}

const MOST = 5
