import { channel } from 'node:diagnostics_channel'

/**
 * A batch of records that a broker has acknowledged, or that failed for good, as the channel `snapstream:kafka:delivery` of
 * `node:diagnostics_channel` tells it.
 */
export interface DeliveryMessage {
  /** The name of the topic. */
  readonly topic: string
  /** The number of the partition. */
  readonly partition: number
  /** The number of records. */
  readonly records: number
  /** The size of the records before compression, in bytes. */
  readonly bytes: number
  /** The time since the first of them was written, in ms. */
  readonly durationMs: number
  /** Undefined: they were acknowledged. */
  readonly error: Error | undefined
}

const deliveries = channel('snapstream:kafka:delivery')

/** Tells the channel of a delivery. `make` is called only if somebody listens. */
export function tellDelivery(make: () => DeliveryMessage): void {
  if (deliveries.hasSubscribers) deliveries.publish(make())
}
