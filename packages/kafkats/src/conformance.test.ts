import { describe, test } from 'vitest'
import { driverConformance } from '@snapstream/kafka/conformance'
import { kafkats } from './kafkats.ts'

driverConformance({ test, describe, concurrent: test.concurrent }, { driver: kafkats() })
