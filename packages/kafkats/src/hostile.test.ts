import { hostileConformance } from '@snapstream/kafka/conformance'
import { describe, test } from 'vitest'
import { kafkats } from './kafkats.ts'

hostileConformance({ test: test.concurrent, describe }, kafkats())
