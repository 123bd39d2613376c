import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { ATTRIBUTE, METRIC, OPERATION } from './names.ts'
import type { RecordValue } from './watch-app.ts'

/** The channels of @snapstream/kafka; its README describes their messages. */
const REQUEST_END = 'snapstream:kafka:request:end'
const DELIVERY = 'snapstream:kafka:delivery'

interface RequestMessage {
  readonly api: string
  readonly host: string
  readonly port: number
  readonly durationMs: number
  readonly error: Error | undefined
}

interface DeliveryMessage {
  readonly topic: string
  readonly partition: number
  readonly records: number
  readonly error: Error | undefined
}

/** The requests that the conventions have an operation for, by Kafka's names. */
const OPERATIONS: Readonly<Record<string, (typeof OPERATION)[keyof typeof OPERATION]>> = {
  Produce: OPERATION.send,
  Fetch: OPERATION.poll,
  OffsetCommit: OPERATION.commit,
  TxnOffsetCommit: OPERATION.commit,
}

const SYSTEM = { [ATTRIBUTE.system]: 'kafka' }

/** Measures requests to brokers and counts the records that are sent, of all apps of the process. Returns what ends this. */
export function watchRequests(record: RecordValue): () => void {
  const onRequest = (message: unknown) => {
    const { api, host, port, durationMs, error } = message as RequestMessage
    const operation = OPERATIONS[api]
    if (operation === undefined) return
    record(METRIC.operationDuration, durationMs / 1000, {
      ...SYSTEM,
      ...operation,
      [ATTRIBUTE.server]: host,
      [ATTRIBUTE.port]: port,
      ...(error && { [ATTRIBUTE.error]: errorType(error) }),
    })
  }
  const onDelivery = (message: unknown) => {
    const { topic, records, error } = message as DeliveryMessage
    record(METRIC.sent, records, {
      ...SYSTEM,
      ...OPERATION.send,
      [ATTRIBUTE.destination]: topic,
      ...(error && { [ATTRIBUTE.error]: errorType(error) }),
    })
  }
  subscribe(REQUEST_END, onRequest)
  subscribe(DELIVERY, onDelivery)
  return () => {
    unsubscribe(REQUEST_END, onRequest)
    unsubscribe(DELIVERY, onDelivery)
  }
}

/** The value of `error.type`: the code of an error that has one, else its name. */
export function errorType(error: Error): string {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' ? code : error.name
}
