import { describe, test } from 'vitest'
import { writingConformance } from '../conformance/writing-conformance.ts'
import { memory } from '../memory/index.ts'

writingConformance({ test, describe }, { driver: memory(), brokers: ['memory:1'] })
