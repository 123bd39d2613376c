import { SnapstreamError, describe } from '@snapstream/core'
import { resolveSettings } from '../conf/resolve-settings.ts'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { usage } from '../conf/usage.ts'
import { specOf } from '../options/topic-spec.ts'

/** The group of a source whose positions can be committed in a transaction. */
interface SourceGroup {
  readonly groupId: string
  readonly groupInstanceId: string | undefined
}

/**
 * Throws `USAGE` for a source whose positions cannot be committed in the transaction of a topic.
 *
 * @param topic the exactly-once topic
 * @param settings those of the topic
 */
export function expectTransactionalSource(source: unknown, topic: string, settings: ResolvedSettings): SourceGroup {
  const spec = specOf(source)
  const refuse = (what: string, remedy: string) =>
    usage(`the topic ${JSON.stringify(topic)} is exactlyOnce and gets values from ${what}; ${remedy}`)
  if (spec === undefined)
    throw refuse(
      `a source that is no topic with a group (${describe(source)})`,
      'its position cannot be part of a transaction. Set exactlyOnce: false on the topic, or write the source to a topic first',
    )
  const name = `the topic ${JSON.stringify(spec.name)}`
  const of = resolveSettings(spec.conf)
  const groupId = spec.groupId === undefined ? of.groupId : spec.groupId
  if (groupId === undefined || groupId === null)
    throw refuse(`${name}, which is read without a group`, `give ${name} a groupId, or set exactlyOnce: false`)
  if (
    of.driver !== settings.driver ||
    of.client.brokers.toSorted().join() !== settings.client.brokers.toSorted().join()
  )
    throw refuse(
      `${name} of another cluster`,
      'a transaction belongs to one cluster. Set exactlyOnce: false, or give both the same driver and brokers',
    )
  if (of.consumer.isolationLevel !== 'read_committed')
    throw refuse(
      `${name}, which is read with isolationLevel 'read_uncommitted'`,
      'records of aborted transactions would be handled. Leave isolationLevel out, or set exactlyOnce: false',
    )
  return { groupId, groupInstanceId: of.consumer.groupInstanceId }
}

export function otherSettings(one: string, other: string): SnapstreamError {
  return usage(
    `the topics ${JSON.stringify(one)} and ${JSON.stringify(other)} are exactlyOnce and have other brokers or settings of ` +
      'the producer; all exactlyOnce topics of a stream share one transaction, so give them the same settings, or set ' +
      'exactlyOnce: false on one of them',
  )
}

export function lostLanes(): SnapstreamError {
  return new SnapstreamError(
    'TRANSACTION_ABORTED',
    'partitions went to another member of the group before the transaction was committed; their messages are handled there',
  )
}

export function tooSlow(timeoutMs: number, cause: Error): SnapstreamError {
  return new SnapstreamError(
    'TRANSACTION_ABORTED',
    `transactions took longer than transactionTimeoutMs (${timeoutMs}) again and again, and the brokers aborted them; look ` +
      'at the brokers, or raise transactionTimeoutMs (transaction.max.timeout.ms of the brokers limits it)',
    { cause },
  )
}

/** The error for a value without its message: a sink that passes values on has to pass the origin on, too. */
export function originMissing(topic: string): SnapstreamError {
  return usage(
    `a value for the topic ${JSON.stringify(topic)}, which is exactlyOnce, came without its origin; pass the second argument ` +
      'of write on, or bind the topic as a sink of the handler',
  )
}
