import type { Suite } from '../../suite.ts'
import { batched } from './batched.ts'
import { concurrency } from './concurrency.ts'
import { later } from './async.ts'
import { operators } from './operators.ts'
import { busySync, sync } from './sync.ts'

export const core: Suite = {
  name: 'core',
  about: 'the engine alone',
  cases: [sync, busySync, later, batched, operators, concurrency],
}
