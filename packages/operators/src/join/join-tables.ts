import type { Through } from '@snapstream/core'
import { chainOf } from '../chain.ts'
import type { Input } from '../chain.ts'
import { createMemoryStore } from '../memory/memory-store.ts'
import { createGateTarget } from '../merge/gate-target.ts'
import { isTombstone, keyOf, ownTime } from '../message.ts'
import type { Keyed } from '../message.ts'
import type { OperatorStep } from '../step.ts'
import { throughOf } from '../through.ts'
import type { Side } from './join-index.ts'
import { checkTableJoin } from './join-options.ts'
import type { TableJoinOptions } from './join-options.ts'
import type { JoinType } from './stream-join.ts'
import { TableJoin } from './table-join.ts'
import type { TableRow } from './table-join.ts'

/** As Kafka has it. */
const NO_TIME = -1

/** A join of two tables; `join` has its types. */
export function joinTables(
  left: Input<Keyed>,
  right: Input<Keyed>,
  options: TableJoinOptions<JoinType>,
): Through<TableRow, Keyed> {
  checkTableJoin(options)
  const { type = 'inner', maxIdleMs = 0 } = options
  const store = options.store ?? createMemoryStore<never, never>('join')
  const access = store['~snapstream.operator']
  const joined = new TableJoin(type)
  const inputs = [chainOf(left, 'join'), chainOf(right, 'join')]
  const sources = inputs.flatMap((input) => input.sources)
  return throughOf<TableRow, Keyed>(inputs, {
    name: 'join',
    store,
    gate: createGateTarget({ operator: 'join', sources, maxIdleMs, together: true }),
    sequential: true,
    timing: { idleMs: Infinity },
    connect(next, frame) {
      const tell = (row: TableRow, time: number) => next.message(row, time === NO_TIME ? undefined : time)
      const step = (side: Side): OperatorStep<Keyed> => ({
        message(message, timestamp) {
          const key = keyOf(message, 'join')
          const time = ownTime(message) ?? timestamp ?? NO_TIME
          const change = { side, key, time, message: isTombstone(message) ? undefined : message }
          joined.change(access.of(frame.root), change, tell)
        },
        passed: next.passed,
        tick: side === 0 ? next.tick : undefined,
      })
      return [step(0), step(1)]
    },
  })
}
