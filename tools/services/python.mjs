import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { withLock } from '../lib/lock.mjs'
import { at } from '../lib/root.mjs'
import { run } from '../lib/run.mjs'
import { which } from './java.mjs'

/** A virtual environment: what is in it, with exact versions, and what has to be there to be imported. */
const KAFKA = {
  name: 'confluent-kafka-2.16.1',
  what: 'confluent-kafka 2.16.1 with pip (about 4 MB, once)',
  packages: ['confluent-kafka==2.16.1'],
  modules: 'confluent_kafka',
}
const CODECS = {
  name: 'python-codecs-1',
  what: "Python's codecs with pip (about 80 MB, once)",
  packages: [
    'avro==1.12.2',
    'confluent-kafka[avro,json,schemaregistry]==2.16.1',
    'fastavro==1.13.1',
    'jsonschema==4.26.0',
    'snapstream==1.0.0',
  ],
  modules: 'avro, confluent_kafka.schema_registry.json_schema, fastavro, snapstream',
}

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

/** A Python with what writes and reads Avro and JSON there, the clients of the schema registry, and Snapstream for Python. */
export const pythonWithCodecs = (log) => pythonWith(CODECS, log)

async function pythonWith({ name, what, packages, modules }, log = console.error) {
  const folder = at('.cache', name)
  const stamp = join(folder, 'installed')
  const venvPython = join(folder, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']))
  const load = ['-c', `import ${modules}`]
  // What was installed for another Python than that of today does not run any more.
  const isInstalled = async () => existsSync(stamp) && (await run(venvPython, load, { capture: true })).code === 0

  if (await isInstalled()) return venvPython
  const python = await findPython()
  if (!python) throw new Error('Python 3.9 or newer with venv is not here; it is needed to run its Kafka client')
  await withLock(at('.cache', `${name}.lock`), async () => {
    if (await isInstalled()) return
    log(`installing ${what}`)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    await must(python, ['-m', 'venv', folder])
    const options = ['--quiet', '--disable-pip-version-check', '--only-binary', ':all:']
    await must(venvPython, ['-m', 'pip', 'install', ...options, ...packages])
    await must(venvPython, load)
    writeFileSync(stamp, '')
  })
  return venvPython
}

async function must(command, args) {
  const { code, output } = await run(command, args, { capture: true, timeoutMs: 900_000 })
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${output}`)
}
