import { readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { packages } from '../lib/projects.mjs'
import { root } from '../services/root.mjs'

/**
 * The folders of a package do not import each other in a circle at run time. Imports of types do not count here: oxlint
 * refuses circles of files, types included.
 */
export async function circles() {
  const found = await Promise.all(packages().map(async ({ folder }) => circlesOf(await importsOf(join(folder, 'src')))))
  const problems = found.flat().map((circle) => circle.join('\n  '))
  const ok = problems.length === 0
  return { ok, ...(ok && { note: 'none between the folders of a package' }), output: problems.join('\n') }
}

/**
 * The shortest circle through each folder that is in one, as lines: the circle, then a pair of files for each step of it.
 * A file beside folders counts as a folder of its own: the folders may import it, or it may import the folders.
 *
 * @param imports pairs of files: one that imports, one that is imported
 */
export function circlesOf(imports) {
  const parents = new Set(imports.flat().map((file) => dirname(dirname(file))))
  const folderOf = (file) => (parents.has(dirname(file)) ? file : dirname(file))
  const steps = new Map()
  for (const [from, to] of imports) {
    const [one, other] = [folderOf(from), folderOf(to)]
    if (one === other) continue
    if (!steps.has(one)) steps.set(one, new Map())
    if (!steps.get(one).has(other)) steps.get(one).set(other, `${from} imports ${to}`)
  }
  const told = new Set()
  return [...steps.keys()]
    .sort((a, b) => a.localeCompare(b))
    .flatMap((folder) => {
      const path = told.has(folder) ? undefined : wayBack(steps, folder)
      if (path === undefined) return []
      for (const one of path) told.add(one)
      return [[path.join(' -> '), ...path.slice(1).map((to, i) => steps.get(path[i]).get(to))]]
    })
}

/** The shortest way from a folder to itself, breadth first. */
function wayBack(steps, folder) {
  const before = new Map()
  const next = [folder]
  for (const at of next)
    for (const to of steps.get(at)?.keys() ?? []) {
      if (to === folder) return [...wayTo(before, at, folder), folder]
      if (before.has(to)) continue
      before.set(to, at)
      next.push(to)
    }
  return undefined
}

function wayTo(before, at, folder) {
  const path = [at]
  while (path[0] !== folder) path.unshift(before.get(path[0]))
  return path
}

/** The imports of files at run time, as esbuild reads them. */
async function importsOf(folder) {
  const { build } = await import('esbuild') // when it is installed
  const entryPoints = readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.ts') && !/\.test(-d)?\.ts$/.test(file))
    .map((file) => relative(root, join(folder, file)))
  const options = { bundle: true, write: false, metafile: true, packages: 'external', platform: 'node', format: 'esm' }
  const { metafile } = await build({ ...options, absWorkingDir: root, entryPoints, outdir: '.cache/unwritten' })
  return Object.entries(metafile.inputs).flatMap(([from, { imports }]) =>
    imports.filter(({ external }) => !external).map(({ path }) => [from, path]),
  )
}
