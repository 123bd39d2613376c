import { describe, test } from 'vitest'
import { driverConformance } from '../conformance/index.ts'
import { kafkajs } from './kafkajs-driver.ts'

driverConformance({ test, describe, concurrent: test.concurrent }, { driver: kafkajs() })
