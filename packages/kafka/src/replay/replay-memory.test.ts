import { describe, test } from 'vitest'
import { replayConformance } from '../conformance/replay-conformance.ts'
import { memory } from '../memory/index.ts'

replayConformance({ test, describe }, { driver: memory(), brokers: [] })
