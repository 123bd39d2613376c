import { kafkajs } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import { kafkats } from '@snapstream/kafkats'

/** The drivers that connect to a broker. */
export const drivers: readonly Driver[] = [kafkajs(), kafkats()]
