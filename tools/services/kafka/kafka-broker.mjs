import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { run } from '../process/run.mjs'
import { clusterId } from './cluster-id.mjs'
import { freePorts } from '../process/free-port.mjs'
import { findJava } from '../java.mjs'
import { kafkaAnswers } from './kafka-answers.mjs'
import { kafkaJars } from './kafka-jars.mjs'
import { kafkaProperties } from './kafka-properties.mjs'
import { kafkaSecurity } from './kafka-security.mjs'
import { launch } from '../process/launch.mjs'
import { runningService } from '../process/running-service.mjs'

export const KAFKA_VERSION = process.env.SNAPSTREAM_KAFKA_VERSION || '4.1.0'

/** A small broker, and the program that formats its folder, start faster with these flags. */
const JVM_FLAGS = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']

/**
 * Starts a Kafka broker with Java, by default on free ports and in a new folder, and resolves when it serves requests. The
 * types are in index.d.mts.
 */
export async function startKafka(options = {}) {
  const { version = KAFKA_VERSION, timeoutMs = 60_000, heapMb = 1024, detached = false, settings, signal } = options
  const java = await findJava()
  if (!java) throw new Error('Kafka needs Java 17 or newer: install one (or set JAVA_HOME)')
  const libs = await kafkaJars(version, options.log)
  signal?.throwIfAborted()

  const [port, controllerPort] = await choosePorts(options)
  const security = options.security ? await kafkaSecurity({ port, controllerPort }) : undefined
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'snapstream-kafka-'))
  const dataFolder = join(folder, 'data')
  const properties = join(folder, 'server.properties')
  mkdirSync(dataFolder, { recursive: true })
  const allSettings = { ...security?.settings, ...settings }
  writeFileSync(properties, kafkaProperties({ version, port, controllerPort, dataFolder, settings: allSettings }))

  const brokers = `127.0.0.1:${port}`
  const classPath = join(libs, '*')
  const id = options.clusterId ?? clusterId()
  const service = await runningService({
    what: `the broker at ${brokers}`,
    folder,
    prepare: () => format({ java, classPath, properties, id, scram: security?.scram, features: options.features }),
    start: () =>
      launch({
        what: `Kafka at ${brokers}`,
        command: java,
        args: [...JVM_FLAGS, `-Xmx${heapMb}m`, '-cp', classPath, 'kafka.Kafka', properties],
        folder,
        logFile: join(folder, 'broker.log'),
        answers: () => kafkaAnswers(brokers),
        timeoutMs,
        detached,
        signal,
      }),
  })
  const { kill } = service
  return Object.assign(service, {
    brokers,
    version,
    ...(security ? { security: security.forClients } : {}),
    async kill(killSignal) {
      if (killSignal === 'SIGSTOP' || killSignal === 'SIGCONT') process.kill(service.pid, killSignal)
      else await kill(killSignal)
    },
  })
}

async function choosePorts({ port, controllerPort }) {
  const free = await freePorts(2)
  return [port ?? free[0], controllerPort ?? free[1]]
}

async function format({ java, classPath, properties, id, scram = [], features = {} }) {
  const command = [...JVM_FLAGS, '-cp', classPath, 'kafka.tools.StorageTool', 'format']
  const args = [...command, '-t', id, '-c', properties, '--ignore-formatted']
  const users = scram.flatMap((user) => ['--add-scram', user])
  const levels = Object.entries(features).flatMap(([feature, level]) => ['--feature', `${feature}=${level}`])
  const { code, output } = await run(java, [...args, ...users, ...levels], { capture: true })
  if (code !== 0) throw new Error(`Kafka could not format its folder (it ended with ${code}):\n${output}`)
}
