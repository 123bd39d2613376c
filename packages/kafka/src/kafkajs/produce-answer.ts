import { readInt64 } from '../record-batch/read-int64.ts'
import type { ProduceAnswer } from '../wire/connection.ts'
import type { KafkaProtocol } from './internals.ts'

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

/** Takes an answer to Produce, versions 2 to 8, apart. */
export function readProduceAnswer(apiVersion: number, bytes: Buffer) {
  let at = 0
  const int16 = () => bytes.readInt16BE((at += 2) - 2)
  const int32 = () => bytes.readInt32BE((at += 4) - 4)
  const string = () => {
    const length = int16()
    if (length < 0) return undefined
    if (at + length > bytes.length) throw new RangeError('an answer to Produce ends in the middle of a text')
    return bytes.toString('utf8', at, (at += length))
  }
  const answers: ProduceAnswer[] = []
  for (let topics = int32(); topics > 0; topics--) {
    const topic = string() ?? ''
    for (let count = int32(); count > 0; count--) {
      const answer = { topic, partition: int32(), errorCode: int16() }
      // The first offset, the time of appending and, from version 5 on, the start of the log.
      readInt64(bytes, at)
      at += apiVersion >= 5 ? 24 : 16
      if (apiVersion < 8) {
        answers.push(answer)
        continue
      }
      const recordErrors: { index: number; message: string | undefined }[] = []
      for (let errors = int32(); errors > 0; errors--) recordErrors.push({ index: int32(), message: string() })
      answers.push({ ...answer, recordErrors, message: string() })
    }
  }
  const throttleMs = int32()
  // From version 6 on keeping the time that the broker asks for is our duty.
  return { answers, clientSideThrottleTime: apiVersion >= 6 ? throttleMs : 0 }
}
