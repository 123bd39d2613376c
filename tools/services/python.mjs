import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { withLock } from '../lib/lock.mjs'
import { at } from '../lib/root.mjs'
import { run } from '../lib/run.mjs'
import { which } from './java.mjs'

const CONFLUENT_KAFKA = '2.16.1'
const FOLDER = at('.cache', `confluent-kafka-${CONFLUENT_KAFKA}`)
const STAMP = join(FOLDER, 'installed')
const VENV_PYTHON = join(FOLDER, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']))
const IMPORT = ['-c', 'import confluent_kafka']

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
export async function pythonWithKafka(log = console.error) {
  if (await isInstalled()) return VENV_PYTHON
  const python = await findPython()
  if (!python) throw new Error('Python 3.9 or newer with venv is not here; it is needed to run its Kafka client')
  await withLock(at('.cache', 'confluent-kafka.lock'), async () => {
    if (await isInstalled()) return
    log(`installing confluent-kafka ${CONFLUENT_KAFKA} with pip (about 4 MB, once)`)
    rmSync(FOLDER, { recursive: true, force: true })
    mkdirSync(FOLDER, { recursive: true })
    await must(python, ['-m', 'venv', FOLDER])
    const options = ['--quiet', '--disable-pip-version-check', '--only-binary', ':all:']
    await must(VENV_PYTHON, ['-m', 'pip', 'install', ...options, `confluent-kafka==${CONFLUENT_KAFKA}`])
    await must(VENV_PYTHON, IMPORT)
    writeFileSync(STAMP, '')
  })
  return VENV_PYTHON
}

/** What was installed for another Python than that of today does not run any more. */
async function isInstalled() {
  return existsSync(STAMP) && (await run(VENV_PYTHON, IMPORT, { capture: true })).code === 0
}

async function must(command, args) {
  const { code, output } = await run(command, args, { capture: true, timeoutMs: 300_000 })
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${output}`)
}
