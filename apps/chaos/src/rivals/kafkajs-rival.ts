import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Rival } from './rival.ts'

const program = fileURLToPath(new URL('kafkajs-worker.mjs', import.meta.url))

/** KafkaJS in the version of the workspace, on which the driver `kafkajs` is built. */
export const kafkajsRival: Rival = {
  name: 'kafkajs',
  about: 'KafkaJS 2.2.4: eachMessage with concurrent partitions, automatic commits (its default)',
  says: 'place',
  hasStatic: false,
  command: async () => [process.execPath, program],
}
