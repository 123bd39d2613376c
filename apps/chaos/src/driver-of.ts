import { kafkajs } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import { kafkats } from '@snapstream/kafkats'
import type { DriverName } from './worker-plan.ts'

export const driverOf = (name: DriverName): Driver => (name === 'kafkajs' ? kafkajs() : kafkats())
