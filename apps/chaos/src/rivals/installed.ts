import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const root = fileURLToPath(new URL('../../../../.cache/rivals/', import.meta.url))

/** Runs a command to its end in a folder. Rejects with what it wrote if that is not well. */
export async function must(folder: string, command: string, ...args: readonly string[]): Promise<void> {
  await execute(command, args, { cwd: folder, timeout: 600_000, maxBuffer: 2 ** 26 })
}

/**
 * The folder in which something is installed, apart from the workspace. It is installed at the first call, and again when
 * its name, which has the versions in it, is another.
 */
export async function installed(
  name: string,
  log: (line: string) => void,
  install: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(root, name)
  const stamp = join(folder, 'installed')
  if (existsSync(stamp)) return folder
  log(`installing ${name} (once)`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await install(folder)
  await writeFile(stamp, '')
  return folder
}
