import { findJdk } from '../java.mjs'
import { KAFKA_VERSION } from '../kafka/kafka-broker.mjs'
import { cachedKafkaJars, kafkaJars } from '../kafka/kafka-jars.mjs'
import { which } from '../process/which.mjs'
import { javaProgram } from './java-program.mjs'
import { findPython, pythonEnvironment } from './python-environment.mjs'

const CONFLUENT_KAFKA = '2.16.1'
/** Avro and JSON in Python, the client of a schema registry, and Snapstream for Python. About 80 MB. */
const PYTHON_CODECS = [
  'avro==1.12.2',
  `confluent-kafka[avro,json,schemaregistry]==${CONFLUENT_KAFKA}`,
  'fastavro==1.13.1',
  'jsonschema==4.26.0',
  'snapstream==1.0.0',
]

/** OpenTelemetry in Python, and the parser of Prometheus' text format. */
const PYTHON_TELEMETRY = [
  `confluent-kafka==${CONFLUENT_KAFKA}`,
  'opentelemetry-exporter-otlp-proto-http==1.45.2',
  'opentelemetry-sdk==1.45.2',
  'prometheus-client==0.26.0',
]

/** What each client in another language needs that this machine lacks; undefined if it has all. */
const MISSING = {
  async java() {
    if (!(await findJdk())) return 'a JDK of version 17 or newer'
    return cachedKafkaJars(KAFKA_VERSION) || which('mvn') ? undefined : 'Maven'
  },
  async python() {
    return (await findPython()) ? undefined : 'Python 3.9 or newer with venv'
  },
}

/** What this machine lacks, by client: empty where all clients can run. */
export async function missingClients() {
  const missing = {}
  for (const [client, look] of Object.entries(MISSING)) {
    const need = await look()
    if (need) missing[client] = need
  }
  return missing
}

/** The command that runs a Java program, a single file of source, with Kafka's client for Java. */
export async function javaCommand(source) {
  const flags = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  const logging = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'
  return javaProgram({
    name: 'java-client',
    source,
    libs: await kafkaJars(KAFKA_VERSION),
    flags: [...flags, logging],
  })
}

/** The command that runs a Python program with Kafka's client for Python, which is built on librdkafka. */
export async function pythonCommand(file) {
  const packages = [`confluent-kafka==${CONFLUENT_KAFKA}`]
  return [await pythonEnvironment(`confluent-kafka-${CONFLUENT_KAFKA}`, packages), '-u', file]
}

/** The command that runs a Python program with Python's codecs. */
export async function pythonCodecsCommand(file) {
  return [await pythonEnvironment('python-codecs-1', PYTHON_CODECS), '-u', file]
}

/** The command that runs a Python program with OpenTelemetry and the client of Prometheus. */
export async function pythonTelemetryCommand(file) {
  return [await pythonEnvironment('python-telemetry-1', PYTHON_TELEMETRY), '-u', file]
}
