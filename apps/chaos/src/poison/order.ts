import type { Codec } from '@snapstream/core'

/** The kinds of failing orders: the bytes do not decode, the handler throws, or the sink refuses the output. */
export const POISONS = ['undecodable', 'throwing', 'refused'] as const
export type Poison = (typeof POISONS)[number]

export interface Order {
  readonly id: number
  readonly poison?: Poison
}

/** One order in this many is poison. */
const EVERY = 100

/** Orders of which one in each hundred is poison, at a random place and of a random kind. */
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

/** Writes undecodable orders as bytes that only the repaired codec reads. */
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
