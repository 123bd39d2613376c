import { installedNode } from '../lib/installed-node.mjs'
import { projects } from '../lib/projects.mjs'
import { at } from '../services/root.mjs'
import { run } from '../services/process/run.mjs'
import { bin, toolEnv } from '../lib/tool.mjs'

const MAJOR = 26

/** The tests of all published packages that need no broker, under the newest Node. */
export async function newestNode() {
  const node = await installedNode(MAJOR)
  const { stdout } = await run(node, ['--version'], { capture: true })
  const failed = []
  for (const { name, short, folder, manifest } of projects()) {
    if (!manifest.scripts?.test || manifest.private) continue
    const results = at('.cache', `node-${MAJOR}`, `${short}.json`)
    const env = toolEnv({ SNAPSTREAM_TEST_RESULTS: results, KAFKA_BROKERS: undefined })
    const { code } = await run(node, [bin('vitest'), 'run'], { cwd: folder, env, capture: 'tee' })
    if (code !== 0) failed.push(name)
  }
  return {
    ok: failed.length === 0,
    note: `${stdout.trim()}${failed.length > 0 ? `, failed: ${failed.join(', ')}` : ''}`,
  }
}
