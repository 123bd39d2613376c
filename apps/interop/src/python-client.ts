import { fileURLToPath } from 'node:url'
import { pythonCommand } from '@snapstream/services'
import { otherClient } from './other-client.ts'
import type { OtherClient } from './other-client.ts'

/** Starts `confluent-kafka`, the Python client over librdkafka. */
export async function pythonClient(brokers: string): Promise<OtherClient> {
  return otherClient(await pythonCommand(fileURLToPath(new URL('interop.py', import.meta.url))), brokers)
}
