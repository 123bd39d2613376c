import { join } from 'node:path'
import { kafkaAnswers } from './kafka-answers.mjs'
import { launch } from './launch.mjs'

/** Starts the broker's process and waits until it serves requests. */
export function launchKafka({ java, classPath, properties, folder, brokers, heapMb, timeoutMs, detached, signal }) {
  const flags = [`-Xmx${heapMb}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  const logging = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'
  return launch({
    what: `Kafka at ${brokers}`,
    command: java,
    args: [...flags, logging, '-cp', classPath, 'kafka.Kafka', properties],
    folder,
    logFile: join(folder, 'broker.log'),
    answers: () => kafkaAnswers(brokers),
    timeoutMs,
    detached,
    signal,
  })
}
