import { CODES } from './policy.ts'
import type { Order } from './order.ts'
import type { Stopped } from './workers.ts'

export interface StopFacts {
  readonly failure: Stopped | undefined
  readonly orders: readonly Order[]
  /** What the group has committed, by partition. */
  readonly committed: readonly number[]
  placeOf(id: number): readonly [partition: number, offset: number]
}

/**
 * A worker that stops names the message that it stopped at. What came before that is committed, and of no partition anything
 * from the first poison on.
 */
export function judgeStop({ failure, orders, committed, placeOf }: StopFacts): readonly string[] {
  if (failure === undefined) return ['the worker did not stop']
  const problems: string[] = []
  const { code, partition, offset } = failure
  const at = orders.find(({ id }) => placeOf(id)[0] === partition && placeOf(id)[1] === offset)
  if (at?.poison === undefined)
    problems.push(`it stopped at ${partition}/${offset}, which is no poison: ${failure.message}`)
  else if (code !== CODES[at.poison])
    problems.push(`it stopped with ${code} at what is ${at.poison}: ${failure.message}`)
  if (!failure.message.includes(`${partition}`) || !failure.message.includes(`${offset}`))
    problems.push(`what it stopped with does not say where: ${failure.message}`)
  for (const [index, next] of committed.entries()) {
    const first = orders.find(({ id, poison }) => poison !== undefined && placeOf(id)[0] === index)
    const [, bound] = first ? placeOf(first.id) : [index, Number.POSITIVE_INFINITY]
    if (index === partition && offset !== undefined && next < offset)
      problems.push(`partition ${index} is committed up to ${next}, not up to where it stopped, ${offset}`)
    if (next > bound) problems.push(`partition ${index} is committed up to ${next}, behind the poison at ${bound}`)
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
