import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installedApart, must } from '../../../../tools/services/installed-apart.mjs'
import { which } from '../../../../tools/services/java.mjs'
import type { ProgramContestant } from '../suite.ts'
import { peerVersions } from './peer-versions.ts'

const CONFLUENT = `confluent-kafka==${peerVersions['confluent-kafka']}`
const PACKAGES = {
  'confluent-kafka': [CONFLUENT],
  snapstream: [`snapstream==${peerVersions['snapstream (Python)']}`, CONFLUENT],
  slipstream: [`slipstream-async[kafka]==${peerVersions['slipstream-async']}`, `aiokafka==${peerVersions.aiokafka}`],
  quixstreams: [`quixstreams==${peerVersions.quixstreams}`, CONFLUENT],
}

/** A program beside this folder, run with a library for Python in an environment of its own. */
export function pythonPeer(
  library: keyof typeof PACKAGES,
  program: string,
  ...args: readonly string[]
): Pick<ProgramContestant, 'command'> {
  const packages = PACKAGES[library]
  const versions = packages.map((name) => name.replace(/^.*==/, '')).join('-')
  return {
    async command(log) {
      const python = which('python3') ?? which('python')
      if (!python) throw new Error('Python 3 is not here')
      const folder = await installedApart(`bench/${library}-${versions}`, log, async (folder) => {
        await must(folder, python, '-m', 'venv', 'venv')
        await must(folder, join(folder, 'venv/bin/python'), '-m', 'pip', 'install', '--quiet', ...packages)
      })
      return [
        join(folder, 'venv/bin/python'),
        '-u',
        fileURLToPath(new URL(`../programs/${program}`, import.meta.url)),
        ...args,
      ]
    },
  }
}
