import type { Codec } from '@snapstream/core'

/** What is wrong with a record: its bytes, what the handler makes of it, or what comes out of it. */
export const POISONS = ['undecodable', 'throwing', 'refused'] as const
export type Poison = (typeof POISONS)[number]

export interface Order {
  readonly id: number
  readonly poison?: Poison
}

/** One in so many is poison. */
const EVERY = 100

/** In each hundred one is poison, by chance which one and how. */
export function ordersOf(count: number, random: () => number): readonly Order[] {
  const orders: Order[] = []
  while (orders.length < count) {
    const start = orders.length
    const bad = start + Math.floor(random() * EVERY)
    const poison = POISONS[Math.floor(random() * POISONS.length)] ?? 'throwing'
    for (let id = start; id < Math.min(count, start + EVERY); id++) orders.push(id === bad ? { id, poison } : { id })
  }
  return orders
}

const encoder = new TextEncoder()
const NO_UTF8 = 0xff

/** Writes what cannot be read again, and reads it only once the program is repaired. */
export function orderCodec(repaired: boolean): Codec<Order> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  return {
    encode(order) {
      const text = encoder.encode(JSON.stringify(order))
      return order.poison === 'undecodable' ? new Uint8Array([NO_UTF8, ...text]) : text
    },
    decode: (bytes) =>
      JSON.parse(decoder.decode(repaired && bytes[0] === NO_UTF8 ? bytes.subarray(1) : bytes)) as Order,
  }
}
