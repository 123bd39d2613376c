import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Rival } from './rival.ts'

const program = fileURLToPath(new URL('kafkajs-worker.mjs', import.meta.url))

/** The version is that of the workspace: Snapstream is built on it. */
export const kafkajsRival: Rival = {
  name: 'kafkajs',
  about: 'KafkaJS 2.2.4: eachMessage, partitions side by side, offsets committed by itself as by default',
  says: 'place',
  command: async () => [process.execPath, program],
}
