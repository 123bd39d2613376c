/**
 * All names of OpenTelemetry's conventions for messaging that this package uses. The conventions are in development, so this
 * is the file to change. Source: https://opentelemetry.io/docs/specs/semconv/messaging/, version 1.45. Names that begin with
 * `snapstream.` are ours.
 */

/** The version of the conventions, for meters and tracers. */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.45.0'
/** The instrumentation scope of all metrics and spans. */
export const SCOPE = '@snapstream/otel'

/** The names of attributes. */
export const ATTRIBUTE = {
  system: 'messaging.system',
  destination: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
  group: 'messaging.consumer.group.name',
  operation: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  offset: 'messaging.kafka.offset',
  key: 'messaging.kafka.message.key',
  error: 'error.type',
  server: 'server.address',
  port: 'server.port',
  binding: 'snapstream.binding',
  store: 'snapstream.store',
  role: 'snapstream.restore.role',
  attempts: 'snapstream.attempts',
} as const

/** The name and the type of an operation, as attributes. */
export const OPERATION = {
  process: { [ATTRIBUTE.operation]: 'process', [ATTRIBUTE.operationType]: 'process' },
  send: { [ATTRIBUTE.operation]: 'send', [ATTRIBUTE.operationType]: 'send' },
  poll: { [ATTRIBUTE.operation]: 'poll', [ATTRIBUTE.operationType]: 'receive' },
  commit: { [ATTRIBUTE.operation]: 'commit', [ATTRIBUTE.operationType]: 'settle' },
} as const

/** A metric, as OpenTelemetry describes it. */
export interface Metric {
  /** Its name, with dots. */
  readonly name: string
  /** `counter`: only grows while a stream runs. `updown`, `gauge`: a value of the moment; sums of a gauge mean nothing. */
  readonly kind: 'counter' | 'updown' | 'gauge' | 'histogram'
  /** By UCUM. In braces: what is counted. */
  readonly unit: string
  readonly description: string
  /** The upper bounds of the buckets of a histogram, in its unit. */
  readonly bounds?: readonly number[]
}

/** The bounds that the conventions advise for durations, in s. */
const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** All metrics. */
export const METRIC = {
  consumed: {
    name: 'messaging.client.consumed.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Messages that are handled, including skipped and dead-lettered ones.',
  },
  sent: {
    name: 'messaging.client.sent.messages',
    kind: 'counter',
    unit: '{message}',
    description:
      'Records that were sent to brokers: those that were acknowledged, and with error.type those that failed.',
  },
  processDuration: {
    name: 'messaging.process.duration',
    kind: 'histogram',
    unit: 's',
    description: 'How long a binding took to handle a batch of a partition.',
    bounds: DURATIONS,
  },
  operationDuration: {
    name: 'messaging.client.operation.duration',
    kind: 'histogram',
    unit: 's',
    description: 'How long brokers took to answer requests that send, poll and commit.',
    bounds: DURATIONS,
  },
  lag: {
    name: 'snapstream.lag',
    kind: 'gauge',
    unit: '{message}',
    description: 'Messages that are still to be handled, by all bindings of the source.',
  },
  inFlight: {
    name: 'snapstream.in_flight',
    kind: 'updown',
    unit: '{message}',
    description: 'Messages that are being handled, including those that wait for a retry.',
  },
  retried: {
    name: 'snapstream.retried',
    kind: 'counter',
    unit: '{retry}',
    description: 'Retries of messages that failed.',
  },
  skipped: {
    name: 'snapstream.skipped',
    kind: 'counter',
    unit: '{message}',
    description: 'Messages that failed and were skipped.',
  },
  late: {
    name: 'snapstream.late',
    kind: 'counter',
    unit: '{message}',
    description: 'Messages that were older than the event time allows.',
  },
  deadLettered: {
    name: 'snapstream.dead_lettered',
    kind: 'counter',
    unit: '{message}',
    description: 'Messages that failed and were written to the dead letter.',
  },
  aborted: {
    name: 'snapstream.transaction.aborted',
    kind: 'counter',
    unit: '{transaction}',
    description: 'Transactions that were aborted; their messages are handled again.',
  },
  stalled: {
    name: 'snapstream.stalled',
    kind: 'gauge',
    unit: '1',
    description: '1 while the binding makes no progress for stallMs, else 0.',
  },
  delay: {
    name: 'snapstream.event_time.delay',
    kind: 'gauge',
    unit: 's',
    description: 'The age of the last message of the last batch that was handled, by its event time.',
  },
  checkpointDuration: {
    name: 'snapstream.checkpoint.duration',
    kind: 'histogram',
    unit: 's',
    description: 'How long checkpoints with progress took.',
    bounds: DURATIONS,
  },
  restoring: {
    name: 'snapstream.restore.remaining',
    kind: 'gauge',
    unit: '{record}',
    description: 'Records that are still to be restored, by part of a store; only while it is restored.',
  },
  live: {
    name: 'snapstream.live',
    kind: 'gauge',
    unit: '1',
    description: '0 after the stream has failed and while a binding is stalled, else 1.',
  },
  ready: {
    name: 'snapstream.ready',
    kind: 'gauge',
    unit: '1',
    description: '1 while the stream runs and has its partitions and their state, else 0.',
  },
} as const satisfies Record<string, Metric>
