import { fileURLToPath } from 'node:url'
import { kafkaStreamsProgram } from '@snapstream/services'
import type { ProgramContestant } from '../suite.ts'
import { peerVersions } from './peer-versions.ts'

const VERSION = peerVersions['kafka-streams']
const PROGRAM = {
  name: 'bench/kafka-streams-stores',
  version: VERSION,
  source: fileURLToPath(new URL('../programs/StoresContestant.java', import.meta.url)),
  flags: ['-Xmx1g'],
}

/** One thread with a store: restores it, or counts records in it. */
export function kafkaStreamsStores(does: 'restore' | 'count'): Omit<ProgramContestant, 'name'> {
  return {
    settings: 'one thread, RocksDB with its default settings',
    command: async (log) => [...(await kafkaStreamsProgram(PROGRAM, log)), does],
  }
}
