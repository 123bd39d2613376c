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

const kafkaStreams = (name: string, how: string, ...settings: readonly string[]): Rival => ({
  name,
  about: `Kafka Streams ${VERSION} (Java): one thread, ${how}`,
  says: 'place',
  command: async (log) => [...(await kafkaStreamsProgram(PROGRAM, log)), ...settings],
})

export const kafkaStreamsRivals: readonly Rival[] = [
  kafkaStreams('kafka-streams', 'at least once, commits every second', 'commit.interval.ms=1000'),
  kafkaStreams('kafka-streams-30s', 'at least once, commits every 30 s (its default)'),
  kafkaStreams('kafka-streams-eos', 'exactly once, with its defaults', 'processing.guarantee=exactly_once_v2'),
]
