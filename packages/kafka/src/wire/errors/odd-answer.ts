import { SnapstreamError, toError } from '@snapstream/core'
import type { TopicPartition } from '../../driver/driver.ts'
import { partitionKey } from '../../driver/partition-key.ts'
import { shownAddress } from '../protocol/broker-address.ts'
import type { BrokerAddress } from '../protocol/connection.ts'

/** An answer that no broker gives: to go on with it would be to guess. Waiting does not cure it. */
export function oddAnswer(api: string, what: string, fields: Partial<TopicPartition> = {}): SnapstreamError {
  return new SnapstreamError('KAFKA_FAILED', `a broker answered ${api} with what cannot be right: ${what}`, fields)
}

/** Throws unless each partition that was asked for has an answer: what is left out is neither done nor known. */
export function expectPartitions(
  api: string,
  asked: readonly TopicPartition[],
  answers: readonly TopicPartition[],
): void {
  const answered = new Set(answers.map(partitionKey))
  for (const { topic, partition } of asked)
    if (!answered.has(partitionKey({ topic, partition })))
      throw oddAnswer(api, `partition ${partition} of ${JSON.stringify(topic)} is left out`, { topic, partition })
}

/** The same for what is known by a name. */
export function expectNames(api: string, asked: readonly string[], answers: readonly string[]): void {
  const answered = new Set(answers)
  for (const name of asked) if (!answered.has(name)) throw oddAnswer(api, `${JSON.stringify(name)} is left out`)
}

/** What a client library threw while it took an answer apart, as `KAFKA_FAILED`. A SnapstreamError stays as it is. */
export function unreadable(thrown: unknown, address: BrokerAddress, api: string): SnapstreamError {
  if (SnapstreamError.is(thrown)) return thrown
  const cause = toError(thrown)
  return new SnapstreamError(
    'KAFKA_FAILED',
    `the broker ${shownAddress(address)} gave no answer to ${api} that can be read: ${cause.message}`,
    { cause },
  )
}

/** A request that a broker knows in no version that the driver knows. `versions` are the driver's. */
export function unsupported(address: BrokerAddress, api: string, versions?: string): SnapstreamError {
  const known = versions === undefined ? '' : ` (${versions})`
  return new SnapstreamError(
    'UNSUPPORTED',
    `the broker ${shownAddress(address)} speaks no version of ${api} that this driver knows${known}; it is too old or too ` +
      'new for the driver',
  )
}
