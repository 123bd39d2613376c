import { fileURLToPath } from 'node:url'
import { javaCommand } from '@snapstream/services'
import { otherClient } from './other-client.ts'
import type { OtherClient } from './other-client.ts'

/** Starts `org.apache.kafka:kafka-clients`, the Java client of Kafka itself. */
export async function javaClient(brokers: string): Promise<OtherClient> {
  return otherClient(await javaCommand(fileURLToPath(new URL('Interop.java', import.meta.url))), brokers)
}
