import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { at, readJson, root } from './root.mjs'

/** The projects of the workspace: full name, short name (`core`), folder, manifest. */
export function projects() {
  return ['packages', 'apps'].flatMap((parent) =>
    readdirSync(at(parent))
      .map((short) => ({ short, folder: at(parent, short) }))
      .filter(({ folder }) => existsSync(join(folder, 'package.json')))
      .map(({ short, folder }) => {
        const manifest = readJson(join(folder, 'package.json'))
        return { short, folder, manifest, name: manifest.name }
      }),
  )
}

/** Those that are published. */
export const packages = () => projects().filter(({ manifest }) => !manifest.private)

/** The integration tests of a project: they need a real broker. Paths from the root. */
export function kafkaTests({ folder }) {
  const source = join(folder, 'src')
  if (!existsSync(source)) return []
  return readdirSync(source, { recursive: true })
    .filter((file) => file.endsWith('.kafka.test.ts'))
    .map((file) => relative(root, join(source, file)).replaceAll('\\', '/'))
    .sort()
}
