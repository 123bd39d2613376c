import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { packages } from './projects.mjs'
import { tool } from './tool.mjs'

/** Builds all packages. Removes a dist/ with the output of deleted files first, as they would be packed. */
export async function build() {
  for (const { folder } of packages()) {
    if (staleOutput(folder).length === 0) continue
    rmSync(join(folder, 'dist'), { recursive: true })
    rmSync(join(folder, 'tsconfig.tsbuildinfo'), { force: true })
  }
  return tool('nx', ['run-many', '-t', 'build', '--outputStyle=static'], { capture: true })
}

/** Packs every package as for publishing. Resolves with the paths of the tarballs, by short name. */
export async function pack(destination) {
  rmSync(destination, { recursive: true, force: true })
  const tarballs = {}
  for (const { short, folder, name } of packages()) {
    const stale = staleOutput(folder)
    if (stale.length > 0) throw new Error(`${name}: dist/ holds files without a source: ${stale.join(', ')}`)
    const target = join(destination, short)
    mkdirSync(target, { recursive: true })
    const { code, output } = await tool('pnpm', ['pack', '--pack-destination', target], { cwd: folder, capture: true })
    if (code !== 0) throw new Error(`${name} could not be packed:\n${output}`)
    tarballs[short] = join(target, readdirSync(target)[0])
  }
  return tarballs
}

function staleOutput(folder) {
  const dist = join(folder, 'dist')
  if (!existsSync(dist)) return []
  return readdirSync(dist, { recursive: true }).filter(
    (file) => file.endsWith('.js') && !existsSync(join(folder, 'src', file.replace(/\.js$/, '.ts'))),
  )
}
