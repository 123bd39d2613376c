import process from 'node:process'
import { at } from '../services/root.mjs'
import { run } from '../services/process/run.mjs'
import { which } from '../services/process/which.mjs'
import { pythonEnvironment } from '../services/clients/python-environment.mjs'

const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12'
const ZIZMOR = '1.32.0'

/** Checks the GitHub workflows: actionlint for errors, zizmor for security. */
export async function workflows() {
  const tools = [
    { name: 'actionlint', needs: 'Go', find: actionlint, args: [] },
    { name: 'zizmor', needs: 'Python', find: zizmor, args: ['--offline', '--quiet', '--no-progress', at('.github')] },
  ]
  const outputs = []
  const skipped = []
  for (const { name, needs, find, args } of tools) {
    const command = await find()
    if (!command) {
      skipped.push(`without ${name}, which is not here and needs ${needs}`)
      continue
    }
    const { code, output } = await run(command, args, { capture: true })
    if (code !== 0) outputs.push(`${name}:\n${output}`)
  }
  return { ok: outputs.length === 0, note: skipped.join(', '), output: outputs.join('\n') }
}

/** From PATH, or built with Go into .cache/bin. */
async function actionlint() {
  const folder = at('.cache', 'bin')
  const found = which('actionlint') ?? which('actionlint', [folder])
  if (found || !which('go')) return found
  const { code, output } = await run('go', ['install', ACTIONLINT], {
    capture: true,
    env: { ...process.env, GOBIN: folder },
  })
  if (code !== 0) throw new Error(`actionlint could not be built:\n${output}`)
  return which('actionlint', [folder])
}

/** From PATH, or installed with pip into .cache. */
async function zizmor() {
  const found = which('zizmor')
  if (found || !(which('python3') ?? which('python'))) return found
  const python = await pythonEnvironment(`zizmor-${ZIZMOR}`, [`zizmor==${ZIZMOR}`], console.error)
  return python.replace(/python$/, 'zizmor')
}
