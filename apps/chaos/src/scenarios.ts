import type { Scenario } from './scenario.ts'
import { graceful, randomKill } from './scenarios/random-kill.ts'
import { targetedKill } from './scenarios/targeted-kill.ts'

export const scenarios: readonly Scenario[] = [targetedKill, randomKill, graceful]
