import { run } from '../services/process/run.mjs'

export const git = (...args) => run('git', args, { capture: true })

/** The branch to compare with: main of the remote, else the local main, else undefined. */
export async function mainBranch() {
  for (const name of ['origin/main', 'main'])
    if ((await git('rev-parse', '--verify', '--quiet', `${name}^{commit}`)).code === 0) return name
  return undefined
}
