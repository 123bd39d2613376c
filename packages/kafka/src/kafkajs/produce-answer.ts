import { byteReader } from '../wire/protocol/byte-reader.ts'
import type { ProduceAnswer } from '../wire/protocol/connection.ts'
import type { KafkaProtocol } from './kafka-protocol.ts'

interface Definition {
  readonly versions: readonly string[]
  protocol(of: { readonly version: number }): (args: unknown) => KafkaProtocol
}

/**
 * Produce up to version 8, whose answer tells which records of a batch were refused. KafkaJS knows it up to 7, of which
 * the request is the same.
 */
export function produceUpTo8(known: unknown): Definition {
  const { versions, protocol } = known as Definition
  return {
    versions: [...versions, '8'],
    protocol: ({ version }) =>
      version < 8
        ? protocol({ version })
        : (args) => {
            const { request, ...rest } = protocol({ version: 7 })(args)
            return { ...rest, request: { ...request, apiVersion: 8 } }
          },
  }
}

/** Takes an answer to Produce, versions 2 to 8, apart. Throws `KAFKA_FAILED` for bytes that are none. */
export function readProduceAnswer(apiVersion: number, bytes: Buffer) {
  const read = byteReader(bytes, 'an answer to Produce')
  const answers: ProduceAnswer[] = []
  read.array(() => {
    const topic = read.string()
    read.array(() => {
      const answer = { topic, partition: read.int32(), errorCode: read.int16() }
      // The first offset, the time of appending and the start of the log.
      for (let n = apiVersion >= 5 ? 3 : 2; n > 0; n--) read.int64()
      if (apiVersion < 8) answers.push(answer)
      else {
        const recordErrors = read.array(() => ({ index: read.int32(), message: read.nullableString() }))
        answers.push({ ...answer, recordErrors, message: read.nullableString() })
      }
    })
  })
  const throttleMs = read.int32()
  // From version 6 on a broker answers at once, and then does not read for so long.
  return { answers, clientSideThrottleTime: apiVersion >= 6 ? throttleMs : 0 }
}
