import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { javaProgram } from '@snapstream/services'

/** The version whose answers are compared. */
const VERSION = '4.3.1'

/** Runs the programs of `KafkaStreams.java` with random records, for each seed, and returns a line of JSON for each. */
export async function runKafkaStreams(seeds: readonly number[]): Promise<readonly string[]> {
  const [java, ...args] = await javaProgram({
    name: `interop/kafka-streams-${VERSION}`,
    source: fileURLToPath(new URL('KafkaStreams.java', import.meta.url)),
    dependencies: [`org.apache.kafka:kafka-streams-test-utils:${VERSION}`, 'org.slf4j:slf4j-nop:1.7.36'],
    flags: ['-Xmx512m'],
  })
  const { stdout } = await promisify(execFile)(java, [...args, ...seeds.map(String)], {
    maxBuffer: 64 * 1024 * 1024,
  })
  return stdout.trim().split('\n')
}
