interface Unsupported {
  readonly reason: string
  /** Values that ask for the present behaviour, and are accepted. */
  readonly harmless?: readonly unknown[]
}

const PARTITIONER = 'keys go to the partitions that Java clients choose; give another partition in the meta of a record'
const TLS_VERSION =
  "versions and ciphers of TLS are Node's: TLS 1.2 or newer, and node --tls-min-v1.3, --tls-cipher-list"
const MECHANISMS = 'saslMechanism is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512'

/** Settings of other clients that are not supported, with the reason: they are refused. */
export const UNSUPPORTED: ReadonlyMap<string, Unsupported> = new Map(
  Object.entries<Unsupported>({
    'enable.auto.commit': { reason: 'offsets are committed once the sinks are flushed, by stream' },
    'auto.commit.enable': { reason: 'offsets are committed once the sinks are flushed, by stream' },
    'enable.auto.offset.store': {
      reason: 'offsets are committed once the sinks are flushed, by stream',
      harmless: [false, 'false'],
    },
    'auto.commit.interval.ms': { reason: 'how often offsets are committed is checkpointMs of stream' },
    'key.serializer': { reason: 'give the topic a keyCodec' },
    'value.serializer': { reason: 'give the topic a codec' },
    'key.deserializer': { reason: 'give the topic a keyCodec' },
    'value.deserializer': { reason: 'give the topic a codec' },
    retries: { reason: 'records are sent again until deliveryTimeoutMs has passed' },
    'message.send.max.retries': { reason: 'records are sent again until deliveryTimeoutMs has passed' },
    'max.in.flight.requests.per.connection': {
      reason: 'each partition has one request in flight, which keeps its order',
    },
    'max.block.ms': { reason: 'sinks wait while bufferBytes is full, and calls that are not awaited are refused' },
    'batch.num.messages': { reason: 'a batch has at most 4000 records, and batchSizeBytes' },
    'queue.buffering.max.messages': {
      reason: 'records that wait for acknowledgement are counted in bytes, by bufferBytes',
    },
    'queue.buffering.max.kbytes': { reason: 'give bufferBytes, in bytes' },
    'transactional.id': {
      reason: 'exactlyOnce makes an id from the group; transaction() takes one as transactionalId',
    },
    'partitioner.class': { reason: PARTITIONER },
    partitioner: { reason: PARTITIONER, harmless: ['murmur2', 'murmur2_random'] },
    'allow.auto.create.topics': { reason: 'create of Topic creates a topic', harmless: [false, 'false'] },
    'enable.partition.eof': { reason: "until: 'end' of Topic ends a source", harmless: [false, 'false'] },
    'group.protocol': { reason: "groups have the protocol 'classic'", harmless: ['classic'] },
    'partition.assignment.strategy': { reason: 'partitions are assigned by Snapstream' },
    'zookeeper.connect': { reason: 'clients connect to brokers; give brokers' },
    'enable.ssl.certificate.verification': {
      reason:
        'without it an attacker could impersonate the broker; give the authority that signed its certificate as sslCa or sslCaLocation',
      harmless: [true, 'true'],
    },
    'ssl.protocol': { reason: TLS_VERSION },
    'ssl.enabled.protocols': { reason: TLS_VERSION, harmless: ['TLSv1.2,TLSv1.3', 'TLSv1.3,TLSv1.2'] },
    'ssl.cipher.suites': { reason: TLS_VERSION },
    'ssl.crl.location': { reason: 'lists of revoked certificates are not read' },
    'sasl.login.callback.handler.class': { reason: MECHANISMS },
    'sasl.client.callback.handler.class': { reason: MECHANISMS },
    'sasl.kerberos.service.name': { reason: MECHANISMS },
    'sasl.oauthbearer.config': { reason: MECHANISMS },
    'sasl.oauthbearer.token.endpoint.url': { reason: MECHANISMS },
    'sasl.jaas.config': { reason: 'give saslUsername and saslPassword' },
    'ssl.truststore.location': { reason: 'give the certificates as a PEM file, in sslCaLocation' },
    'ssl.truststore.password': { reason: 'certificates are given as PEM, in sslCaLocation or sslCa' },
    'ssl.truststore.type': { reason: 'certificates are given as PEM, in sslCaLocation or sslCa', harmless: ['PEM'] },
    'ssl.keystore.location': {
      reason: 'give certificate and key as PEM files, in sslCertLocation and sslKeyLocation (openssl pkcs12 converts)',
    },
    'ssl.keystore.password': { reason: 'keys are given as PEM, and the password of one is sslKeyPassword' },
    'ssl.keystore.type': { reason: 'certificates and keys are given as PEM', harmless: ['PEM'] },
  }),
)

/** Settings of other clients that tune speed or logging: they are ignored with a warning. */
export const IGNORED: ReadonlySet<string> = new Set([
  'api.version.request',
  'api.version.request.timeout.ms',
  'broker.address.family',
  'broker.address.ttl',
  'check.crcs',
  'client.dns.lookup',
  'connections.max.idle.ms',
  'debug',
  'enable.metrics.push',
  'fetch.error.backoff.ms',
  'fetch.message.max.bytes',
  'fetch.min.bytes',
  'log.connection.close',
  'log_level',
  'max.partition.fetch.bytes',
  'max.poll.records',
  'metadata.max.idle.ms',
  'metric.reporters',
  'metrics.num.samples',
  'metrics.recording.level',
  'metrics.sample.window.ms',
  'queued.max.messages.kbytes',
  'queued.min.messages',
  'receive.buffer.bytes',
  'reconnect.backoff.max.ms',
  'reconnect.backoff.ms',
  'retry.backoff.max.ms',
  'retry.backoff.ms',
  'send.buffer.bytes',
  'socket.keepalive.enable',
  'socket.max.fails',
  'socket.nagle.disable',
  'socket.receive.buffer.bytes',
  'socket.send.buffer.bytes',
  'statistics.interval.ms',
  'topic.metadata.refresh.interval.ms',
  'topic.metadata.refresh.sparse',
])
