import { createApp } from '@snapstream/core'
import type { Codec, SnapstreamError } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { KafkaConf } from '@snapstream/kafka'
import type { Tries } from './expected.ts'
import { orderCodec } from './order.ts'
import type { Order } from './order.ts'
import type { Policy } from './policy.ts'

export interface WorkersOptions {
  readonly conf: KafkaConf
  readonly input: string
  readonly output: string
  readonly groupId: string
  readonly policy: Policy['onError']
  readonly concurrency: number
  /** Whether the workers can process every record, poisoned or not. */
  readonly repaired: boolean
}

export type Stopped = Pick<SnapstreamError, 'code' | 'message' | 'partition' | 'offset'>

export interface Workers {
  /** How often each order reached the handler and the output, by id. */
  readonly tries: ReadonlyMap<number, Tries>
  /** The error of the first worker that failed. */
  readonly failure: Stopped | undefined
  /** Ends the workers gracefully. Resolves when all have ended. */
  stop(): Promise<void>
}

export const BINDING = 'poisoned'
const MOST_BYTES = 16_384

/** Starts the workers of one group in this process. */
export function startWorkers(count: number, options: WorkersOptions): Workers {
  const { conf, repaired, concurrency } = options
  const tries = new Map<number, Tries>()
  const add = ({ id }: Order, what: keyof Tries) => {
    const { handled = 0, written = 0 } = tries.get(id) ?? {}
    tries.set(id, { handled, written, [what]: (what === 'handled' ? handled : written) + 1 })
  }
  const stopping = new AbortController()
  let failure: Stopped | undefined
  const outputCodec: Codec<Order> = {
    ...orderCodec(true),
    encode(order) {
      add(order, 'written')
      const refused = order.poison === 'refused' && !repaired
      return new TextEncoder().encode(`${order.id}${refused ? ' '.repeat(MOST_BYTES) : ''}`)
    },
  }
  const running = Array.from({ length: count }, async () => {
    const app = createApp()
    const input = Topic(options.input, { groupId: options.groupId, codec: orderCodec(repaired), conf })
    const output = Topic(options.output, { codec: outputCodec, conf: { ...conf, maxRequestBytes: MOST_BYTES } })
    const onError = options.policy
    app.snap(input, { name: BINDING, sink: [output], onError, ...(concurrency > 1 && { concurrency }) })(
      ({ key, value }) => {
        add(value, 'handled')
        if (value.poison === 'throwing' && !repaired) throw new Error('the handler fails for this order')
        return [key, value]
      },
    )
    try {
      await app.stream({}, { signal: stopping.signal })
    } catch (error) {
      failure ??= error as Stopped
    }
  })
  return {
    tries,
    get failure() {
      return failure
    },
    async stop() {
      stopping.abort()
      await Promise.all(running)
    },
  }
}
