import { SnapstreamError } from '@snapstream/core'
import { Conf } from '@snapstream/kafka'
import type { Target } from '../target.ts'

const text = new TextEncoder()

/** Settings as a JSON object, with the names of Kafka or of Snapstream. */
export const settings: Target = {
  name: 'settings',
  about: 'Kafka settings as JSON: names, numbers, lists of brokers',
  seeds: () =>
    [
      { brokers: 'localhost:9092' },
      { 'bootstrap.servers': 'PLAINTEXT://a:1,b:2', 'session.timeout.ms': 6000, acks: 'all' },
      { brokers: ['[::1]:9092'], groupId: 'g', 'max.poll.interval.ms': 2147483647, 'client.id': 'c' },
      { 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN', 'sasl.username': 'u', 'sasl.password': 'p' },
      { 'group.id': 'g', 'auto.offset.reset': 'earliest', 'compression.type': 'zstd', 'linger.ms': 5 },
    ].map((given) => text.encode(JSON.stringify(given))),
  open(planted) {
    return (input) => {
      let given: unknown
      try {
        given = JSON.parse(Buffer.from(input).toString('utf8'))
      } catch {
        return 'not JSON'
      }
      try {
        Conf(given as Parameters<typeof Conf>[0])
      } catch (error) {
        // Deliberate bug: an unknown name is not checked.
        if (planted && error instanceof SnapstreamError && error.message.includes('did you mean'))
          throw new TypeError('cannot read properties of undefined', { cause: error })
        if (error instanceof SnapstreamError && error.code === 'USAGE')
          return error.message.replace(/(setting|got|leave) .*/s, '$1')
        throw error
      }
      return 'ok'
    }
  },
}
