import process from 'node:process'
import { at } from '../lib/root.mjs'
import { run } from '../lib/run.mjs'
import { which } from '../services/java.mjs'

const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12'

/** The GitHub workflows, judged by actionlint: from PATH, or built with Go into .cache/bin. */
export async function workflows() {
  const actionlint = which('actionlint') ?? (await buildActionlint())
  if (!actionlint) return { ok: true, note: 'skipped, there is neither actionlint nor Go' }
  const { code, output } = await run(actionlint, [], { capture: true })
  return { ok: code === 0, output }
}

async function buildActionlint() {
  const folder = at('.cache', 'bin')
  const built = which('actionlint', [folder])
  if (built || !which('go')) return built
  const { code, output } = await run('go', ['install', ACTIONLINT], {
    capture: true,
    env: { ...process.env, GOBIN: folder },
  })
  if (code !== 0) throw new Error(`actionlint could not be built:\n${output}`)
  return which('actionlint', [folder])
}
