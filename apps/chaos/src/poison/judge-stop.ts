import { CODES } from './policy.ts'
import type { Order } from './order.ts'
import type { Stopped } from './workers.ts'

export interface StopFacts {
  readonly failure: Stopped | undefined
  readonly orders: readonly Order[]
  /** The committed offsets by partition. */
  readonly committed: readonly number[]
  placeOf(id: number): readonly [partition: number, offset: number]
}

/**
 * Judges a worker that stopped. Its error has to name the record that failed, the records before that have to be committed,
 * and no partition may be committed past its first poison.
 */
export function judgeStop({ failure, orders, committed, placeOf }: StopFacts): readonly string[] {
  if (failure === undefined) return ['the worker did not stop']
  const problems: string[] = []
  const { code, partition, offset } = failure
  const at = orders.find(({ id }) => placeOf(id)[0] === partition && placeOf(id)[1] === offset)
  if (at?.poison === undefined)
    problems.push(`the worker stopped at ${partition}/${offset}, which is not poison: ${failure.message}`)
  else if (code !== CODES[at.poison])
    problems.push(`the worker stopped with ${code} at a ${at.poison} order: ${failure.message}`)
  if (!failure.message.includes(`${partition}`) || !failure.message.includes(`${offset}`))
    problems.push(`the error of the worker does not name the place: ${failure.message}`)
  for (const [index, next] of committed.entries()) {
    const first = orders.find(({ id, poison }) => poison !== undefined && placeOf(id)[0] === index)
    const [, bound] = first ? placeOf(first.id) : [index, Number.POSITIVE_INFINITY]
    if (index === partition && offset !== undefined && next < offset)
      problems.push(`partition ${index} is committed up to ${next}, expected up to the stop at ${offset}`)
    if (next > bound) problems.push(`partition ${index} is committed up to ${next}, past the poison at ${bound}`)
  }
  return problems
}

/** The orders that a group has committed. */
export function committedOrders({ orders, committed, placeOf }: Omit<StopFacts, 'failure'>): readonly Order[] {
  return orders.filter(({ id }) => {
    const [partition, offset] = placeOf(id)
    return offset < (committed[partition] ?? 0)
  })
}
