import { readdirSync } from 'node:fs'
import { relative } from 'node:path'
import { git, mainBranch } from '../lib/git.mjs'
import { packages } from '../lib/projects.mjs'
import { at, root } from '../services/root.mjs'
import { judged } from '../lib/steps.mjs'
import { tool } from '../lib/tool.mjs'

/**
 * Every package that a branch changes has a changeset. A release removes all changesets: there every changed package has a
 * new version.
 */
export async function changesets() {
  const base = await mainBranch()
  if (!base) return { ok: true, note: 'no main to compare with' }
  const [head, fork] = await Promise.all([git('rev-parse', 'HEAD'), git('merge-base', base, 'HEAD')])
  if (fork.code !== 0) return { ok: true, note: `nothing in common with ${base}` }
  if (head.stdout === fork.stdout) return { ok: true, note: `nothing beyond ${base}` }
  const released = pendingChangesets().length === 0 ? await releasedSince(fork.stdout.trim()) : []
  if (released.length > 0) return { ok: true, note: `a release: ${released.join(', ')}` }
  const options = { packageName: '@changesets/cli', capture: true }
  return judged(tool('changeset', ['status', `--since=${base}`], options))
}

/** The files of the changesets that wait for a release. */
export const pendingChangesets = () =>
  readdirSync(at('.changeset')).filter((file) => file.endsWith('.md') && file !== 'README.md')

/** The packages whose version has changed since a commit. */
async function releasedSince(commit) {
  const released = []
  for (const { name, folder, manifest } of packages()) {
    const { code, stdout } = await git('show', `${commit}:${relative(root, folder)}/package.json`)
    if (code === 0 && JSON.parse(stdout).version !== manifest.version) released.push(`${name} ${manifest.version}`)
  }
  return released
}
