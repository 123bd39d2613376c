import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Io } from '../io.ts'

const CONFIG_FILE = 'snapstream.config.json'

/** The configuration file that counts: that of the folder, of the nearest one above it, or of the home folder. */
export function findConfig({ cwd, home }: Pick<Io, 'cwd' | 'home'>): string | undefined {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const path = join(folder, CONFIG_FILE)
    if (existsSync(path)) return path
    if (dirname(folder) === folder) break
  }
  const path = join(home, CONFIG_FILE)
  return existsSync(path) ? path : undefined
}
