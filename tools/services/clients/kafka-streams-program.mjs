import { javaProgram } from './java-program.mjs'

/** The command that runs a program with Kafka Streams and Jackson. The program logs only errors, to stderr. */
export function kafkaStreamsProgram({ name, version, source, flags }, log) {
  return javaProgram(
    {
      name: `${name}-${version}`,
      source,
      dependencies: [
        `org.apache.kafka:kafka-streams:${version}`,
        'com.fasterxml.jackson.core:jackson-databind:2.16.2',
        'org.slf4j:slf4j-simple:1.7.36',
      ],
      flags: [...flags, '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'],
    },
    log,
  )
}
