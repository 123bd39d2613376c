import { run } from '../services/process/run.mjs'

export const git = (...args) => run('git', args, { capture: true })

/** The branch that others are compared with: that of the remote, where there is one. Undefined in a copy without main. */
export async function mainBranch() {
  for (const name of ['origin/main', 'main'])
    if ((await git('rev-parse', '--verify', '--quiet', `${name}^{commit}`)).code === 0) return name
  return undefined
}
