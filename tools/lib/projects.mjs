import { existsSync, readdirSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { at, readJson, root } from '../services/root.mjs'

/** The projects of the workspace: full name, short name (`core`), folder, manifest. */
export function projects() {
  const inside = (parent) => readdirSync(at(parent)).map((short) => at(parent, short))
  return [...inside('packages'), ...inside('apps'), at('tools'), at('tools', 'services')]
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => {
      const manifest = readJson(join(folder, 'package.json'))
      return { short: basename(folder), folder, manifest, name: manifest.name }
    })
}

/** The published projects. */
export const packages = () => projects().filter(({ manifest }) => !manifest.private)

/** The source files of a project, relative to its folder. */
const filesOf = ({ folder }) =>
  readdirSync(folder, { recursive: true })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !/(^|\/)(node_modules|dist|coverage|\.blocks)\//.test(file))
    .sort((a, b) => a.localeCompare(b))

/** The test files of a project, relative to the root. */
export const testFiles = (project) =>
  filesOf(project)
    .filter((file) => /\.test\.\w+$/.test(file))
    .map((file) => relative(root, join(project.folder, file)).replaceAll('\\', '/'))
