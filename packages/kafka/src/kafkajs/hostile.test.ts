import { describe, test } from 'vitest'
import { hostileConformance } from '../conformance/index.ts'
import { kafkajs } from './kafkajs-driver.ts'

hostileConformance({ test: test.concurrent, describe }, kafkajs())
