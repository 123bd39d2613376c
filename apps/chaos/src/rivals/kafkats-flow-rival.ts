import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { installedApart, must } from '../../../../tools/services/installed-apart.mjs'
import type { Rival } from './rival.ts'

const VERSION = '0.12.0'
const program = fileURLToPath(new URL('kafkats-flow-worker.mjs', import.meta.url))

/** Its functions are not told where a record was: it hands on the value. */
export const kafkatsFlowRival: Rival = {
  name: 'kafkats-flow',
  about: `@kafkats/flow ${VERSION}: at least once, with its defaults`,
  says: 'value',
  async command(log) {
    const folder = await installedApart(`rivals/kafkats-flow-${VERSION}`, log, async (folder) => {
      const dependencies = { '@kafkats/client': VERSION, '@kafkats/flow': VERSION }
      await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }))
      await must(folder, 'npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts')
    })
    return [process.execPath, program, folder]
  },
}
