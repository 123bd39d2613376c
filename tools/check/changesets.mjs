import { judged } from '../lib/steps.mjs'
import { run } from '../lib/run.mjs'
import { tool } from '../lib/tool.mjs'

/** Every changed package has a changeset that says so to its users. Only a branch can lack one. */
export async function changesets() {
  const git = (...args) => run('git', args, { capture: true })
  const base = (await exists(git, 'origin/main')) ? 'origin/main' : 'main'
  if (!(await exists(git, base))) return { ok: true, note: 'no main to compare with' }
  const [head, fork] = await Promise.all([git('rev-parse', 'HEAD'), git('merge-base', base, 'HEAD')])
  if (fork.code !== 0) return { ok: true, note: `nothing in common with ${base}` }
  if (head.stdout === fork.stdout) return { ok: true, note: `nothing beyond ${base}` }
  const options = { packageName: '@changesets/cli', capture: true }
  return judged(tool('changeset', ['status', `--since=${base}`], options))
}

const exists = async (git, name) => (await git('rev-parse', '--verify', '--quiet', `${name}^{commit}`)).code === 0
