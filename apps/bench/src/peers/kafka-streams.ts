import { fileURLToPath } from 'node:url'
import { kafkaStreamsProgram } from '@snapstream/services'
import { LINGER_MS } from '../kafka/settings.ts'
import type { ProgramContestant } from '../suite.ts'
import { peerVersions } from './peer-versions.ts'

const VERSION = peerVersions['kafka-streams']
const PROGRAM = {
  name: 'bench/kafka-streams',
  version: VERSION,
  source: fileURLToPath(new URL('../programs/StreamsContestant.java', import.meta.url)),
  flags: ['-Xmx1g'],
}

/** One thread, with the default garbage collector of the JVM. */
export function kafkaStreams(
  does: 'messages' | 'tallies',
  { lingerMs = LINGER_MS, guarantee = 'at_least_once' }: Partial<StreamsOptions> = {},
): Omit<ProgramContestant, 'name'> {
  const store = does === 'tallies' ? '; RocksDB with a changelog topic and a cache of 10 MB' : ''
  const once = guarantee === 'at_least_once' ? 'at least once' : 'exactly_once_v2, a commit every 100 ms'
  return {
    settings: `one thread, ${once}, linger ${lingerMs} ms${store}; Jackson with one reader and one writer per type`,
    command: async (log) => [...(await kafkaStreamsProgram(PROGRAM, log)), does, String(lingerMs), guarantee],
  }
}

interface StreamsOptions {
  readonly lingerMs: number
  readonly guarantee: 'at_least_once' | 'exactly_once_v2'
}
