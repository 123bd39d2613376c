interface LeftOut {
  readonly reason: string
  /** Values that ask for what is so anyway. */
  readonly harmless?: readonly unknown[]
}

/** Settings of other clients that would be pasted in with the rest, and why there is no such thing here. */
export const LEFT_OUT: ReadonlyMap<string, LeftOut> = new Map(
  Object.entries<LeftOut>({
    'enable.auto.commit': { reason: 'offsets are committed once the sinks are flushed, by stream' },
    'auto.commit.interval.ms': { reason: 'how often offsets are committed is checkpointMs of stream' },
    'key.serializer': { reason: 'give the topic a keyCodec' },
    'value.serializer': { reason: 'give the topic a codec' },
    'key.deserializer': { reason: 'give the topic a keyCodec' },
    'value.deserializer': { reason: 'give the topic a codec' },
    retries: { reason: 'records are sent again until deliveryTimeoutMs has passed' },
    'message.send.max.retries': { reason: 'records are sent again until deliveryTimeoutMs has passed' },
    'max.in.flight.requests.per.connection': {
      reason: 'a partition has one request under way at a time, which keeps its order',
    },
    'max.block.ms': { reason: 'sinks wait while bufferBytes are full, and calls that are not awaited are refused' },
    'batch.num.messages': { reason: 'a batch has at most 1000 records, and batchSizeBytes' },
    'queue.buffering.max.messages': { reason: 'what may wait to be acknowledged is counted in bytes, by bufferBytes' },
    'queue.buffering.max.kbytes': { reason: 'give bufferBytes, in bytes' },
    'partition.assignment.strategy': { reason: 'partitions are assigned by Snapstream' },
    'zookeeper.connect': { reason: 'clients connect to brokers' },
    'enable.ssl.certificate.verification': {
      reason:
        "who reads along could answer in the broker's place; give the authority that signed its certificate as sslCa or sslCaLocation",
      harmless: [true, 'true'],
    },
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
