import { fileURLToPath } from 'node:url'
import { kafkaStreamsProgram } from '@snapstream/services'
import type { Rival } from './rival.ts'

const VERSION = '4.1.0'
const PROGRAM = {
  name: 'rivals/kafka-streams',
  version: VERSION,
  source: fileURLToPath(new URL('KafkaStreamsWorker.java', import.meta.url)),
  flags: ['-Xmx512m', '-XX:+UseSerialGC'],
}

const kafkaStreams = (name: string, commits: string, ...settings: readonly string[]): Rival => ({
  name,
  about: `Kafka Streams ${VERSION} (Java): at least once, one thread, ${commits}`,
  says: 'place',
  command: async (log) => [...(await kafkaStreamsProgram(PROGRAM, log)), ...settings],
})

export const kafkaStreamsRivals: readonly Rival[] = [
  kafkaStreams('kafka-streams', 'commits every second', '1000'),
  kafkaStreams('kafka-streams-30s', 'commits every 30 s (its default)'),
]
