import type { Order, Poison } from './order.ts'
import type { Policy } from './policy.ts'

/** How often an order reached the handler and the output. */
export interface Tries {
  readonly handled: number
  readonly written: number
}

/** A retry repeats the step that failed: the call of the handler or the write. An undecodable order reaches neither. */
export function expectedTries({ poison }: Order, retries: Policy['retries']): Tries {
  if (poison === undefined) return { handled: 1, written: 1 }
  if (poison === 'undecodable') return { handled: 0, written: 0 }
  const tries = retries[poison] + 1
  return poison === 'throwing' ? { handled: tries, written: 0 } : { handled: 1, written: tries }
}

/** The orders with a wrong number of attempts, one line per kind of order and numbers. */
export function wrongTries(
  orders: readonly Order[],
  tries: ReadonlyMap<number, Tries>,
  retries: Policy['retries'],
): readonly string[] {
  const wrong = new Map<string, number>()
  for (const order of orders) {
    const { handled, written } = tries.get(order.id) ?? { handled: 0, written: 0 }
    const expected = expectedTries(order, retries)
    if (handled === expected.handled && written === expected.written) continue
    const what = `${nameOf(order.poison)}: handled ${handled} and written ${written} times, expected ${expected.handled} and ${expected.written}`
    wrong.set(what, (wrong.get(what) ?? 0) + 1)
  }
  return [...wrong].map(([what, count]) => `${count} ${what}`)
}

const nameOf = (poison: Poison | undefined) => poison ?? 'good'
