import process from 'node:process'
import { at } from '../root.mjs'
import { run } from '../process/run.mjs'
import { which } from '../process/which.mjs'

/** Whether Docker runs on this machine, with Compose. */
export async function hasCompose() {
  if (!which('docker')) return false
  for (const args of [['info'], ['compose', 'version']])
    if ((await run('docker', args, { capture: true })).code !== 0) return false
  return true
}

/** Starts the broker of docker-compose.yml at this port, as a Compose project of its own, and waits until it is healthy. */
export async function composeUp(project, port, version) {
  const { code, output } = await compose(project, ['up', '--detach', '--wait', '--wait-timeout', '120'], port, version)
  if (code === 0) return
  await composeDown(project)
  throw new Error(`docker compose could not start Kafka (it ended with ${code}):\n${output}`)
}

/** Stops the broker and removes its data. */
export async function composeDown(project) {
  const { code, output } = await compose(project, ['down', '--volumes'])
  if (code !== 0) throw new Error(`docker compose could not stop Kafka (it ended with ${code}):\n${output}`)
}

export async function composeIsUp(project) {
  const { code, stdout } = await compose(project, ['ps', '--quiet', '--status', 'running'])
  return code === 0 && stdout.trim() !== ''
}

function compose(project, args, port, version) {
  const variables = port ? { SNAPSTREAM_KAFKA_PORT: String(port), SNAPSTREAM_KAFKA_VERSION: version } : {}
  return run('docker', ['compose', '--file', at('docker-compose.yml'), '--project-name', project, ...args], {
    capture: true,
    env: { ...process.env, ...variables },
  })
}
