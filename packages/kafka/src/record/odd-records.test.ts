import { describe, test } from 'vitest'
import { valueConformance } from '../conformance/value-conformance.ts'
import { memory } from '../memory/index.ts'

valueConformance({ test, describe }, { driver: memory(), brokers: [], records: 2000 })
