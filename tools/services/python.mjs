import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { withLock } from '../lib/lock.mjs'
import { at } from '../lib/root.mjs'
import { run } from '../lib/run.mjs'
import { which } from './java.mjs'

/** What is installed, each into an environment of its own, and what shows that it works. */
const KAFKA = { name: 'confluent-kafka', version: '2.16.1', module: 'confluent_kafka', megabytes: 4 }
const SNAPSTREAM = { name: 'snapstream', version: '1.0.0', module: 'snapstream', megabytes: 30 }

/** A Python that can make virtual environments, if there is one. */
export async function findPython() {
  const able = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))'
  for (const name of ['python3', 'python']) {
    const python = which(name)
    if (python && (await run(python, ['-c', able], { capture: true })).code === 0) return python
  }
  return undefined
}

/** A Python with confluent-kafka (Kafka's client for Python, over librdkafka), installed with pip at the first call. */
export const pythonWithKafka = (log) => pythonWith(KAFKA, log)

/** A Python with the Python library snapstream, whose Cache is over rocksdict, installed with pip at the first call. */
export const pythonWithSnapstream = (log) => pythonWith(SNAPSTREAM, log)

async function pythonWith({ name, version, module, megabytes }, log = console.error) {
  const folder = at('.cache', `${name}-${version}`)
  const stamp = join(folder, 'installed')
  const venvPython = join(folder, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']))
  const imports = ['-c', `import ${module}`]
  // What was installed for another Python than that of today does not run any more.
  const isInstalled = async () => existsSync(stamp) && (await run(venvPython, imports, { capture: true })).code === 0

  if (await isInstalled()) return venvPython
  const python = await findPython()
  if (!python) throw new Error(`Python 3.9 or newer with venv is not here; it is needed to run ${name}`)
  await withLock(at('.cache', `${name}.lock`), async () => {
    if (await isInstalled()) return
    log(`installing ${name} ${version} with pip (about ${megabytes} MB, once)`)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    await must(python, ['-m', 'venv', folder])
    const options = ['--quiet', '--disable-pip-version-check', '--only-binary', ':all:']
    await must(venvPython, ['-m', 'pip', 'install', ...options, `${name}==${version}`])
    await must(venvPython, imports)
    writeFileSync(stamp, '')
  })
  return venvPython
}

async function must(command, args) {
  const { code, output } = await run(command, args, { capture: true, timeoutMs: 300_000 })
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${output}`)
}
