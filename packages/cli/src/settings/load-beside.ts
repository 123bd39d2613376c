import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { usage } from '../usage.ts'

/**
 * A package that few need, and that therefore is no dependency: taken from beside this command, or else from the project
 * it is run in. Throws `USAGE` where it is in neither.
 *
 * @param what it is for, for the error: `the driver kafkats`
 */
export async function loadBeside<T>(name: string, what: string, cwd: string): Promise<T> {
  let failure: unknown
  for (const from of [import.meta.url, pathToFileURL(join(cwd, 'package.json'))])
    try {
      const path = createRequire(from).resolve(name)
      return (await import(pathToFileURL(path).href)) as T
    } catch (error) {
      failure = error
    }
  throw usage(
    `${what} needs a package that is not installed; install it beside this command: npm install ${name}`,
    failure,
  )
}
