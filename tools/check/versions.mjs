import { at, readJson } from '../services/root.mjs'

/** Versions that stand in several places are equal. */
export async function versions() {
  const { packageManager, devDependencies } = readJson(at('package.json'))
  const problems = []
  if (packageManager !== `pnpm@${devDependencies.pnpm}`)
    problems.push(
      `package.json: packageManager is ${packageManager}, but the pnpm of devDependencies is ${devDependencies.pnpm}`,
    )
  const { version } = readJson(at('node_modules', 'typescript', 'package.json'))
  if (version !== devDependencies.typescript)
    problems.push(`the installed TypeScript is ${version}, but package.json asks for ${devDependencies.typescript}`)
  return { ok: problems.length === 0, output: problems.join('\n') }
}
