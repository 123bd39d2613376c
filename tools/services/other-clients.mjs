import { join } from 'node:path'
import { run } from '../lib/run.mjs'
import { findJava, which } from './java.mjs'
import { KAFKA_VERSION } from './kafka-broker.mjs'
import { cachedKafkaJars, kafkaJars } from './kafka-jars.mjs'
import { findPython, pythonWithCodecs, pythonWithKafka } from './python.mjs'

/** Clients in other languages, and what is missing for each on this machine. */
const CLIENTS = {
  async java() {
    if (!(await findJavaWithCompiler())) return 'a JDK of version 17 or newer'
    return cachedKafkaJars(KAFKA_VERSION) || which('mvn') ? undefined : 'Maven'
  },
  async python() {
    return (await findPython()) ? undefined : 'Python 3.9 or newer with venv'
  },
}

/** What is missing on this machine, by client: empty where all can run. */
export async function missingClients() {
  const missing = {}
  for (const [client, look] of Object.entries(CLIENTS)) {
    const what = await look()
    if (what) missing[client] = what
  }
  return missing
}

/** The command that runs a Java program, a single file of source, with Java's Kafka client. */
export async function javaCommand(file) {
  const java = await findJavaWithCompiler()
  if (!java) throw new Error('a JDK of version 17 or newer is not here; it is needed to run the Kafka client of Java')
  const libs = await kafkaJars(KAFKA_VERSION)
  const flags = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  return [java, ...flags, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', join(libs, '*'), file]
}

/** The command that runs a Python program with Python's Kafka client. */
export async function pythonCommand(file) {
  return [await pythonWithKafka(), '-u', file]
}

/** The command that runs a Python program with Python's codecs. */
export async function pythonCodecsCommand(file) {
  return [await pythonWithCodecs(), '-u', file]
}

/** A Java runtime has no compiler, and a program of one source file is compiled when it starts. */
async function findJavaWithCompiler() {
  const java = await findJava()
  if (!java) return undefined
  const { output } = await run(java, ['--list-modules'], { capture: true })
  return /^jdk\.compiler\b/m.test(output) ? java : undefined
}
