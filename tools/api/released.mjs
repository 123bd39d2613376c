import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../services/process/run.mjs'
import { breaksBetween } from './breaks.mjs'
import { keptReports, pathOfReport } from './reports.mjs'

const BUMPS = ['none', 'patch', 'minor', 'major']

/**
 * The breaks of public types that no changeset declares, a sentence each. The reports of a package are compared with those
 * of its last release, as its git tag has them; a package that was never released can break nothing.
 */
export async function undeclaredBreaks(root, projects) {
  const found = await Promise.all(projects.map((project) => breaksOf(root, project)))
  return found.flat()
}

async function breaksOf(root, project) {
  const { name, manifest } = project
  const tag = await git(root, 'describe', '--tags', '--abbrev=0', '--match', `${name}@*`)
  if (!tag) return []
  const released = tag.slice(name.length + 1)
  const needed = bumpOfBreak(released)
  const declared = [bumpBetween(released, manifest.version), ...declaredBumps(root, name)]
  if (declared.some((bump) => BUMPS.indexOf(bump) >= BUMPS.indexOf(needed))) return []
  const breaks = await breaksSince(root, project, tag)
  return breaks.map(
    (sentence) =>
      `${name}: ${sentence} since ${released}: that takes a changeset of ${needed}, got ${declared.sort(byBump).at(-1)}`,
  )
}

async function breaksSince(root, project, tag) {
  const kept = keptReports(project)
  const listed = await git(root, 'ls-tree', '-r', '--name-only', tag, pathOfReport(project, ''))
  const breaks = []
  for (const path of listed.split('\n').filter(Boolean)) {
    const file = path.slice(path.lastIndexOf('/') + 1)
    const report = await git(root, 'show', `${tag}:${path}`)
    if (kept.has(file)) breaks.push(...breaksBetween(report, kept.get(file)))
    else breaks.push(`the entry of ${file} is removed`)
  }
  return [...new Set(breaks)]
}

/** The bump that a break needs. Before 1.0.0 it is a minor, as npm's ranges (^0.2.0) end there. */
const bumpOfBreak = (released) => (released.startsWith('0.') ? 'minor' : 'major')

/** The bumps that pending changesets declare for a package. */
function declaredBumps(root, name) {
  const folder = join(root, '.changeset')
  return readdirSync(folder)
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .flatMap((file) => {
      const [, front = ''] = readFileSync(join(folder, file), 'utf8').split(/^---$/m)
      return front.split('\n').map((line) => /^\s*['"]?([^'"]+)['"]?\s*:\s*(\w+)\s*$/.exec(line))
    })
    .filter((found) => found?.[1] === name)
    .map((found) => found[2])
}

/** The bump of a release that has raised the version already. */
function bumpBetween(released, version) {
  const [before, after] = [released, version].map((one) => one.split(/[.-]/).map(Number))
  const place = [0, 1, 2].find((i) => before[i] !== after[i])
  return place === undefined ? 'none' : ['major', 'minor', 'patch'][place]
}

const byBump = (a, b) => BUMPS.indexOf(a) - BUMPS.indexOf(b)

async function git(root, ...args) {
  const { code, stdout } = await run('git', args, { cwd: root, capture: true })
  return code === 0 ? stdout.trimEnd() : ''
}
