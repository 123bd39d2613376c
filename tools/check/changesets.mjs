import { readdirSync } from 'node:fs'
import { relative } from 'node:path'
import { packages } from '../lib/projects.mjs'
import { at, root } from '../lib/root.mjs'
import { run } from '../lib/run.mjs'
import { judged } from '../lib/steps.mjs'
import { tool } from '../lib/tool.mjs'

const git = (...args) => run('git', args, { capture: true })

/**
 * Every changed package has a changeset that tells its users. Only a branch can lack one. A release has used all of them
 * up: there every changed package has a new version.
 */
export async function changesets() {
  const base = (await exists('origin/main')) ? 'origin/main' : 'main'
  if (!(await exists(base))) return { ok: true, note: 'no main to compare with' }
  const [head, fork] = await Promise.all([git('rev-parse', 'HEAD'), git('merge-base', base, 'HEAD')])
  if (fork.code !== 0) return { ok: true, note: `nothing in common with ${base}` }
  if (head.stdout === fork.stdout) return { ok: true, note: `nothing beyond ${base}` }
  const released = pending().length === 0 ? await releasedSince(fork.stdout.trim()) : []
  if (released.length > 0) return { ok: true, note: `a release: ${released.join(', ')}` }
  const options = { packageName: '@changesets/cli', capture: true }
  return judged(tool('changeset', ['status', `--since=${base}`], options))
}

const pending = () => readdirSync(at('.changeset')).filter((file) => file.endsWith('.md') && file !== 'README.md')

/** The packages whose version is another than at this commit. */
async function releasedSince(commit) {
  const released = []
  for (const { name, folder, manifest } of packages()) {
    const { code, stdout } = await git('show', `${commit}:${relative(root, folder)}/package.json`)
    if (code === 0 && JSON.parse(stdout).version !== manifest.version) released.push(`${name} ${manifest.version}`)
  }
  return released
}

const exists = async (name) => (await git('rev-parse', '--verify', '--quiet', `${name}^{commit}`)).code === 0
