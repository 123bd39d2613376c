import type { Origin } from '@snapstream/core'
import type { ProduceRecord } from '../driver/driver.ts'

type ProduceHeaders = ProduceRecord['headers']

/**
 * Adds the headers that a message hands on (`Origin.carried`) to those that a handler gave a record. A header that the handler
 * made stays, and one that it only took over from the message is replaced. Headers in bytes stay as they are.
 */
export function carryOn(given: ProduceHeaders, origin: Origin | undefined): ProduceHeaders {
  const carried = origin?.carried
  if (carried === undefined || given instanceof Uint8Array) return given
  if (given.length === 0) return carried
  const taken = new Set(origin?.headers?.map(([, content]) => content))
  const own = given.filter(([name, content]) => !taken.has(content) || !carried.some(([other]) => other === name))
  return [...own, ...carried.filter(([name]) => !own.some(([other]) => other === name))]
}
