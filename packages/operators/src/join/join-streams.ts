import type { Through } from '@snapstream/core'
import { chainOf } from '../chain.ts'
import type { Input } from '../chain.ts'
import { createEventTime } from '../event-time.ts'
import { createMemoryStore } from '../memory/memory-store.ts'
import { createGateTarget } from '../merge/gate-target.ts'
import { expectSync, isTombstone, keyOf, timeOf } from '../message.ts'
import type { Keyed } from '../message.ts'
import type { OperatorStep } from '../step.ts'
import { throughOf } from '../through.ts'
import { checkStreamJoin } from './join-options.ts'
import type { StreamJoinOptions } from './join-options.ts'
import { StreamJoin } from './stream-join.ts'
import type { Side } from './join-index.ts'
import type { JoinType, ToldPair } from './stream-join.ts'

const IDLE_MS = 60_000
const MAX_AHEAD_MS = 86_400_000

interface Pair {
  readonly left: object | undefined
  readonly right: object | undefined
}

/** A join of two streams; `join` has its types. */
export function joinStreams(
  left: Input<Keyed>,
  right: Input<Keyed>,
  options: StreamJoinOptions<JoinType, never>,
): Through<Pair, Keyed> {
  const spec = checkStreamJoin(options)
  const { idleMs = IDLE_MS, maxAheadMs = MAX_AHEAD_MS, maxIdleMs = 0, late } = options
  const store = options.store ?? createMemoryStore<never, never>('join')
  const access = store['~snapstream.operator']
  const joined = new StreamJoin(spec)
  const inputs = [chainOf(left, 'join'), chainOf(right, 'join')]
  const sources = inputs.flatMap((input) => input.sources)
  const gate = createGateTarget({
    operator: 'join',
    sources,
    maxIdleMs,
    together: true,
    undone: (message) => joined.undo(message),
    handled: (message) => joined.end(message),
  })

  return throughOf<Pair, Keyed>(inputs, {
    name: 'join',
    store,
    gate,
    sequential: true,
    timing: { idleMs },
    connect(next, frame) {
      const tell: ToldPair = (pair, timestamp) => next.message(pair, timestamp)
      const eventTime = createEventTime<ReturnType<typeof access.of>>({
        name: 'join',
        frame,
        maxAheadMs,
        fire: (part, timer) => joined.timer(part, timer, tell),
      })

      /** The part of the message, of which the attempt begins unless it has begun. */
      function begin() {
        const part = access.of(frame.root)
        joined.begin(frame.root as object, frame.attempt, part)
        return part
      }

      const step = (side: Side): OperatorStep<Keyed> => ({
        message(message, timestamp) {
          const time = timeOf(message, timestamp, 'join')
          const key = keyOf(message, 'join')
          const part = begin()
          eventTime.observe(part, time)
          if (isTombstone(message) || joined.message(part, { side, key, time, message }, tell)) return
          frame.late(time, part.time)
          if (late) expectSync(late(message as never), 'late of join')
        },
        passed: (timestamp) => eventTime.observe(begin(), timestamp),
        // Both sides have the same part: one of them goes on with its time.
        tick:
          side === 0
            ? (tick) => {
                const time = tick.times.get(access)
                if (time !== undefined) eventTime.advance(begin(), time)
                next.tick?.(tick)
              }
            : undefined,
      })
      return [step(0), step(1)]
    },
  })
}
