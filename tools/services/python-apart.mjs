import { join } from 'node:path'
import { installedApart, must } from './installed-apart.mjs'
import { which } from './java.mjs'

/** What it takes and answers is described in python-apart.d.mts. */
export async function pythonApart(name, packages, log) {
  const python = which('python3') ?? which('python')
  if (!python) throw new Error(`Python 3 is not here; it is needed to run ${name}`)
  const folder = await installedApart(name, log, async (folder) => {
    await must(folder, python, '-m', 'venv', 'venv')
    await must(folder, join(folder, 'venv/bin/python'), '-m', 'pip', 'install', '--quiet', ...packages)
  })
  return join(folder, 'venv/bin/python')
}
