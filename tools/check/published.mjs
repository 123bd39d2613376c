import { tool } from '../lib/tool.mjs'

/** What a consumer finds in the tarballs: entry points that exist, and types that fit them. */
export async function published(tarballs) {
  const failures = []
  for (const tarball of Object.values(tarballs)) {
    const publint = await tool('publint', ['run', tarball, '--strict'], { capture: true })
    if (publint.code !== 0) failures.push(publint.output)
    const attw = ['--profile', 'esm-only', '--no-color', '--no-emoji', '--format', 'ascii', tarball]
    const types = await tool('attw', attw, { packageName: '@arethetypeswrong/cli', capture: true })
    if (types.code !== 0) failures.push(types.output)
  }
  return { ok: failures.length === 0, note: `${Object.keys(tarballs).length} tarballs`, output: failures.join('\n') }
}
