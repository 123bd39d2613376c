import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { installOnce } from '../services/clients/install-once.mjs'
import { mustRun } from '../services/process/run.mjs'

/** Installs a version of Node, `22` or `20.19`, beside the one that runs, and answers with its program. Its binary comes in an npm package. */
export async function installedNode(version) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const folder = await installOnce(`node-${version}`, console.error, async (into) => {
    writeFileSync(join(into, 'package.json'), '{ "private": true }\n')
    await mustRun('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `${name}@${version}`], {
      cwd: into,
    })
  })
  return join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
}
