import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { installedNode } from '../lib/installed-node.mjs'
import { installOnce } from '../services/clients/install-once.mjs'
import { freePorts } from '../services/process/free-port.mjs'
import { launch } from '../services/process/launch.mjs'
import { stopProcess } from '../services/process/process.mjs'
import { mustRun, run } from '../services/process/run.mjs'

const VERSION = '6.10.4'
/** One of its packages asks for a tag of node-fetch that not every mirror has. */
const PACKAGES = { private: true, dependencies: { verdaccio: VERSION }, overrides: { 'node-fetch': '2.7.0' } }
/** The Node that runs verdaccio where the current one is too old for it. */
const NODE_MAJOR = 24

/**
 * Starts a registry on a free port of this machine. It holds the packages that are published to it, and passes requests
 * for other packages on to the registry of npm's own config. Answers with the environment of npm that uses it, and `stop`.
 */
export async function startLocalRegistry(folder) {
  const installed = await installOnce(`verdaccio-${VERSION}`, console.error, async (into) => {
    writeFileSync(join(into, 'package.json'), JSON.stringify(PACKAGES))
    await mustRun('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: into })
  })
  mkdirSync(folder, { recursive: true })
  const [port] = await freePorts(1)
  const address = `http://localhost:${port}/`
  writeFileSync(join(folder, 'config.yaml'), configOf(folder, await registryOfNpm()))
  writeFileSync(join(folder, 'npmrc'), `registry=${address}\n//localhost:${port}/:_authToken=rehearsal\n`)
  const old = Number(process.versions.node.split('.')[0]) < 22
  const { pid, release } = await launch({
    what: 'the registry',
    command: old ? await installedNode(NODE_MAJOR) : process.execPath,
    args: [
      join(installed, 'node_modules', 'verdaccio', 'bin', 'verdaccio'),
      '--config',
      join(folder, 'config.yaml'),
      '--listen',
      `localhost:${port}`,
    ],
    env: process.env,
    folder,
    logFile: join(folder, 'log.txt'),
    answers: async () => (await fetch(`${address}-/ping`).catch(() => undefined))?.ok === true,
    timeoutMs: 60_000,
  })
  const env = npmEnv(folder, address)
  const stop = async () => {
    await stopProcess(pid)
    release()
  }
  return { env, stop }
}

/** Anybody on this machine may publish to it, and nothing of it goes on to another registry. */
const configOf = (folder, registry) => `storage: ${join(folder, 'storage')}
uplinks:
  npm:
    url: ${registry}
packages:
  '@snapstream/*':
    access: $all
    publish: $anonymous $authenticated $all
  '**':
    access: $all
    proxy: npm
log: { type: stdout, format: pretty, level: warn }
`

async function registryOfNpm() {
  const { code, stdout, output } = await run('npm', ['config', 'get', 'registry'], { capture: true })
  if (code !== 0) throw new Error(`npm does not tell its registry:\n${output}`)
  return stdout.trim()
}

/** Without the variables of `npm run`: npm would take them for the settings of the app. */
function npmEnv(folder, address) {
  const handedDown = /^(npm_|INIT_CWD|NODE_ENV|NODE_OPTIONS)/i
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !handedDown.test(name)))
  return {
    ...env,
    npm_config_userconfig: join(folder, 'npmrc'),
    npm_config_registry: address,
    npm_config_cache: join(folder, 'npm-cache'),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  }
}
