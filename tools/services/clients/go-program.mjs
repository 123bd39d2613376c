import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { mustRun } from '../process/run.mjs'
import { which } from '../process/which.mjs'
import { installOnce } from './install-once.mjs'

/**
 * The command that runs a Go program. `source` is the folder of its module, with `go.mod` and `go.sum`. The first call
 * downloads and compiles, so that a later start does not wait for either.
 */
export async function goProgram({ name, source }, log = console.error) {
  const go = which('go')
  if (!go) throw new Error(`${name} needs Go, which is not installed`)
  // The hash is in the name: a change of the source or of the libraries is another installation.
  const hash = createHash('sha256')
  for (const file of (await readdir(source)).toSorted()) hash.update(await readFile(join(source, file)))
  const folder = await installOnce(`${name}-${hash.digest('hex').slice(0, 8)}`, log, (target) =>
    mustRun(go, ['build', '-o', executableIn(target), '.'], { cwd: source }),
  )
  return [executableIn(folder)]
}

const executableIn = (folder) => join(folder, process.platform === 'win32' ? 'program.exe' : 'program')
