import { readdirSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, relative } from 'node:path'
import { packages } from '../lib/projects.mjs'
import { root } from '../services/root.mjs'

/** Published files import only packages that their package depends on, and so no test code and no test libraries. */
export async function imports() {
  const found = await Promise.all(packages().map((project) => strangersOf(project)))
  const problems = found.flat()
  return { ok: problems.length === 0, output: problems.join('\n') }
}

async function strangersOf({ folder, manifest: { name, dependencies = {}, peerDependencies = {} } }) {
  const own = new Set([name, ...Object.keys(dependencies), ...Object.keys(peerDependencies)])
  const isAllowed = (wanted) => (isBuiltin(wanted) ? name !== '@snapstream/core' : own.has(packageOf(wanted)))
  const inputs = await inputsOf(join(folder, 'dist'))
  return Object.entries(inputs).flatMap(([file, { imports: all }]) =>
    all
      .filter(({ external, path }) => external && !isAllowed(path))
      .map(({ path }) => `${file} imports ${path}, which ${name} does not depend on`),
  )
}

/** Every module of a folder with its imports, by esbuild. */
async function inputsOf(folder) {
  const { build } = await import('esbuild') // when it is installed
  const entryPoints = readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.js'))
    .map((file) => relative(root, join(folder, file)))
  const options = { bundle: true, write: false, metafile: true, packages: 'external', platform: 'node', format: 'esm' }
  const { metafile } = await build({ ...options, absWorkingDir: root, entryPoints, outdir: '.cache/unwritten' })
  return metafile.inputs
}

const packageOf = (wanted) =>
  wanted
    .split('/')
    .slice(0, wanted.startsWith('@') ? 2 : 1)
    .join('/')
