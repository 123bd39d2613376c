import { existsSync, lstatSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Io } from '../io.ts'
import { usage } from '../usage.ts'
import { foreignTo, writableByAll } from './trust.ts'

/**
 * Imports an optional package: one that is installed beside this command, or in the project in the current folder if that
 * belongs to the user. Throws `USAGE` if neither has the package.
 *
 * @param what needs the package, for the error: `the driver kafkats`
 */
export async function loadBeside<T>(name: string, what: string, { cwd, env }: Pick<Io, 'cwd' | 'env'>): Promise<T> {
  const advice = `install it beside this command: npm install ${name}`
  let failure: unknown
  for (const from of [import.meta.url, pathToFileURL(join(cwd, 'package.json'))]) {
    const require = createRequire(from)
    let path: string
    try {
      path = require.resolve(name)
    } catch (error) {
      failure = error
      continue
    }
    const foreign = from === import.meta.url ? undefined : untrusted(path, require.resolve.paths(name) ?? [], name, env)
    if (foreign !== undefined) throw usage(`${what} is not loaded from ${foreign}; ${advice}`)
    try {
      return (await import(pathToFileURL(path).href)) as T
    } catch (error) {
      failure = error
    }
  }
  throw usage(`${what} needs a package that is not installed; ${advice}`, failure)
}

/** The first file or folder on the path of a package that another user could have written, and why. */
function untrusted(path: string, folders: readonly string[], name: string, env: Io['env']): string | undefined {
  const modules = folders.find((folder) => existsSync(join(folder, name)))
  const way = [path, ...packageFolders(path), ...(modules === undefined ? [] : [modules, join(modules, name)])]
  for (const part of way)
    for (const status of [lstatSync(part), statSync(part)]) {
      const why = foreignTo(env, status) ?? (status.isSymbolicLink() ? undefined : writableByAll(status))
      if (why !== undefined) return `${part}: ${why}`
    }
  return undefined
}

/** The folders from a file up to its package, and the manifest of the package. */
function packageFolders(path: string): readonly string[] {
  const folders: string[] = []
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    folders.push(folder)
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest)) return [...folders, manifest]
    if (dirname(folder) === folder) return folders
  }
}
