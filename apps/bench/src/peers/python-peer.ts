import { fileURLToPath } from 'node:url'
import { pythonEnvironment } from '@snapstream/services'
import type { ProgramContestant } from '../suite.ts'
import { peerVersions } from './peer-versions.ts'

const CONFLUENT = `confluent-kafka==${peerVersions['confluent-kafka']}`
const PACKAGES = {
  'confluent-kafka': [CONFLUENT],
  snapstream: [`snapstream==${peerVersions['snapstream (Python)']}`, CONFLUENT],
  slipstream: [`slipstream-async[kafka]==${peerVersions['slipstream-async']}`, `aiokafka==${peerVersions.aiokafka}`],
  quixstreams: [`quixstreams==${peerVersions.quixstreams}`, CONFLUENT],
}

/** A program in `src/programs`, with a Python library in an environment of its own. */
export function pythonPeer(
  library: keyof typeof PACKAGES,
  program: string,
  ...args: readonly string[]
): Pick<ProgramContestant, 'command'> {
  const packages = PACKAGES[library]
  const versions = packages.map((name) => name.replace(/^.*==/, '')).join('-')
  return {
    async command(log) {
      const python = await pythonEnvironment(`bench/${library}-${versions}`, packages, log)
      return [python, '-u', fileURLToPath(new URL(`../programs/${program}`, import.meta.url)), ...args]
    },
  }
}
