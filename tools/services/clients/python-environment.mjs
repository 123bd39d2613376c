import { join } from 'node:path'
import process from 'node:process'
import { mustRun, run } from '../process/run.mjs'
import { which } from '../process/which.mjs'
import { installOnce } from './install-once.mjs'

/** Python 3.9 or newer that can make virtual environments, or undefined. */
export async function findPython() {
  const able = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))'
  for (const name of ['python3', 'python']) {
    const python = which(name)
    if (python && (await run(python, ['-c', able], { capture: true })).code === 0) return python
  }
  return undefined
}

/**
 * The Python of a virtual environment in `.cache` with these packages, as pip takes them, with exact versions. The first
 * call installs it. The name has the versions in it.
 */
export async function pythonEnvironment(name, packages, log = console.error) {
  const folder = await installOnce(name, log, (target) => install(name, packages, target), isUsable)
  return pythonOf(folder)
}

async function install(name, packages, folder) {
  const python = await findPython()
  if (!python) throw new Error(`${name} needs Python 3.9 or newer with venv, which is not installed`)
  await mustRun(python, ['-m', 'venv', folder])
  const options = ['--quiet', '--disable-pip-version-check', '--prefer-binary']
  await mustRun(pythonOf(folder), ['-m', 'pip', 'install', ...options, ...packages])
}

/** An environment finds none of its packages after Python itself was upgraded. */
async function isUsable(folder) {
  return (await run(pythonOf(folder), ['-c', 'import pip'], { capture: true })).code === 0
}

const pythonOf = (folder) =>
  join(folder, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']))
