import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { installOnce, mustRun } from '@snapstream/services'
import type { Rival } from './rival.ts'

const VERSION = '0.12.0'
const program = fileURLToPath(new URL('kafkats-flow-worker.mjs', import.meta.url))

/** Its handlers do not see the place of a record, so the output has the value of the input. */
const kafkatsFlow = (name: string, how: string, guarantee: 'at_least_once' | 'exactly_once'): Rival => ({
  name,
  about: `@kafkats/flow ${VERSION}: ${how}, with its defaults`,
  says: 'value',
  async command(log) {
    const folder = await installOnce(`rivals/kafkats-flow-${VERSION}`, log, async (folder) => {
      const dependencies = { '@kafkats/client': VERSION, '@kafkats/flow': VERSION }
      await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }))
      await mustRun('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder })
    })
    return [process.execPath, program, folder, guarantee]
  },
})

export const kafkatsFlowRivals: readonly Rival[] = [
  kafkatsFlow('kafkats-flow', 'at least once', 'at_least_once'),
  kafkatsFlow('kafkats-flow-eos', 'exactly once', 'exactly_once'),
]
