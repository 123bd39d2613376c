import { describe } from 'vitest'
import * as sources from '../index.ts'
import { atomicSuite } from './atomic.ts'
import { backoffSuite } from './backoff.ts'
import { loadBare } from './bare-context.ts'
import { checkpointSuite } from './checkpoints.ts'
import { closingSuite } from './closing.ts'
import type { Core } from './core.ts'
import { errorSuite } from './errors.ts'
import { eventSuite } from './events.ts'
import { concurrencySuite } from './concurrency.ts'
import { flowSuite } from './flow.ts'
import { givenUpSuite } from './given-up.ts'
import { handlerSuite } from './handlers.ts'
import { healthSuite } from './health.ts'
import { hostileValueSuite } from './hostile-values.ts'
import { lateSuite } from './late.ts'
import { lifecycleSuite } from './lifecycle.ts'
import { maxProcessingSuite } from './max-processing.ts'
import { openingSuite } from './opening.ts'
import { refusalSuite } from './refusals.ts'
import { stateSuite } from './states.ts'
import { tickEndSuite } from './tick-ends.ts'
import { tickTransactionSuite } from './tick-transactions.ts'
import { tickSuite } from './ticks.ts'
import { throughSuite } from './through.ts'
import { transactionEndSuite } from './transaction-ends.ts'
import { transactionSuite } from './transactions.ts'
import { turnSuite } from './turns.ts'
import { usageSuite } from './usage-errors.ts'
import { watchdogSuite } from './watchdog.ts'

const cores: [name: string, core: Core][] = [
  ['the engine', sources],
  ['the engine in a bare context', await loadBare()],
]

describe.each(cores)('%s', (_, core) => {
  handlerSuite(core)
  usageSuite(core)
  throughSuite(core)
  tickSuite(core)
  tickEndSuite(core)
  tickTransactionSuite(core)
  turnSuite(core)
  lateSuite(core)
  errorSuite(core)
  refusalSuite(core)
  lifecycleSuite(core)
  givenUpSuite(core)
  closingSuite(core)
  openingSuite(core)
  hostileValueSuite(core)
  flowSuite(core)
  concurrencySuite(core)
  checkpointSuite(core)
  atomicSuite(core)
  transactionSuite(core)
  transactionEndSuite(core)
  stateSuite(core)
  eventSuite(core)
  healthSuite(core)
  watchdogSuite(core)
  maxProcessingSuite(core)
  backoffSuite(core)
})
