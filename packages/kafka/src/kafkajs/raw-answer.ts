import type { KafkaBroker, KafkaProtocol } from './internals.ts'

/** The answer of a broker before KafkaJS turns it into objects, or throws it away for an error that is part of it. */
export interface RawAnswer {
  readonly apiVersion: number
  readonly bytes: Buffer
}

/** The same broker, answering `fetch` with the bytes that came. */
export function withRawAnswers(broker: KafkaBroker): { fetch(request: object): Promise<RawAnswer> } {
  return viewOf(broker, (protocol) => {
    const { apiVersion } = protocol.request
    return {
      ...protocol,
      response: {
        // KafkaJS looks for the time that the broker asks it to be quiet; from version 8 on keeping it is our duty.
        decode: async (bytes) => ({
          apiVersion,
          bytes,
          clientSideThrottleTime: apiVersion < 8 ? 0 : bytes.readInt32BE(0),
        }),
        parse: async (answer) => answer,
      },
    }
  }) as unknown as { fetch(request: object): Promise<RawAnswer> }
}

/** The same broker, answering with errors as part of the answer, where KafkaJS throws the first and drops the rest. */
export function withErrors(broker: KafkaBroker): KafkaBroker {
  return viewOf(broker, (protocol) => ({
    ...protocol,
    response: { decode: (bytes) => protocol.response.decode(bytes), parse: async (answer) => answer },
  }))
}

/** The same broker, telling of every answer before KafkaJS judges it. */
export function withAnswers(broker: KafkaBroker, onAnswer: (decoded: unknown) => void): KafkaBroker {
  return viewOf(broker, (protocol) => ({
    ...protocol,
    response: {
      decode: (bytes) => protocol.response.decode(bytes),
      parse: (decoded) => {
        onAnswer(decoded)
        return protocol.response.parse(decoded)
      },
    },
  }))
}

function viewOf(broker: KafkaBroker, change: (protocol: KafkaProtocol) => KafkaProtocol): KafkaBroker {
  const view = Object.create(broker) as KafkaBroker
  view.lookupRequest = (apiKey, definition) => {
    const make = broker.lookupRequest(apiKey, definition)
    return (args) => change(make(args))
  }
  return view
}
