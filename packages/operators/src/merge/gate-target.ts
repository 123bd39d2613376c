import { SnapstreamError } from '@snapstream/core'
import type { Origin, SinkOptions, SinkTarget } from '@snapstream/core'
import type { Copartition, PartitionedSource } from '@snapstream/core/adapter'
import { checkProtocol } from '../check-protocol.ts'
import { createGate } from './gate.ts'

export interface GateTargetOptions {
  /** The name of the operator, for errors. */
  readonly operator: string
  /** The sources of its chain, in their order. */
  readonly sources: readonly unknown[]
  /** How long a message waits for sources that have caught up, in ms. */
  readonly maxIdleMs: number
  /** Whether the messages of one partition have to be in one process: not for a merge of topics and iterables. */
  readonly together: boolean
  /** An attempt at a message, or tick, is undone. */
  readonly undone?: (message: object) => void
  /** A message, or tick, is handled. */
  readonly handled?: (message: object) => void
}

/**
 * The gate of an operator with several sources: has partition n of all of them read by one process, and lets their messages through
 * in the order of their times. When it is opened it rejects with `USAGE` if the sources have different numbers of partitions.
 */
export function createGateTarget(options: GateTargetOptions): SinkTarget<never> {
  const { operator, sources, maxIdleMs, undone, handled } = options
  return {
    async '~snapstream.sink'({ scope, host, idle = () => true }: SinkOptions) {
      checkProtocol(scope)
      const copartition = await openCopartition(options, scope)
      const isMixed = copartition === undefined && sources.some(isPartitioned)
      const gate = createGate({ sources, maxIdleMs, complete: !isMixed, host, idle })
      const tell = (told: typeof undone, { message }: Origin) => {
        if (told && typeof message === 'object' && message !== null) told(message)
      }
      return {
        write() {
          throw new SnapstreamError('USAGE', `${operator} is no sink`)
        },
        flush() {},
        state: {
          ...gate,
          undo(origin) {
            gate.undo(origin)
            tell(undone, origin)
          },
          release(origin) {
            tell(handled, origin)
            return gate.release(origin)
          },
          prepare() {},
          commit() {},
          restoring: () => [],
          volatile: true,
        },
        close: () => copartition?.close(),
      }
    },
  }
}

/** Undefined for sources without partitions. */
async function openCopartition(
  { operator, sources, together }: GateTargetOptions,
  scope: Map<unknown, unknown>,
): Promise<Copartition | undefined> {
  const partitioned = sources.find(isPartitioned)
  if (partitioned === undefined || sources.length === 1) return undefined
  if (!together && !sources.every(isPartitioned)) return undefined
  return partitioned['~snapstream.copartition']({ scope, title: `the ${operator}`, sources })
}

function isPartitioned(source: unknown): source is PartitionedSource {
  return typeof (source as Partial<PartitionedSource> | undefined)?.['~snapstream.copartition'] === 'function'
}
