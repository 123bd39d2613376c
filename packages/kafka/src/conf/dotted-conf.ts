import type { KafkaConf } from './kafka-conf.ts'

/** The same under the names that configuration of other clients has. */
export interface DottedConf {
  readonly 'bootstrap.servers'?: KafkaConf['brokers']
  /** @deprecated Kafka calls it `bootstrap.servers`. */
  readonly 'metadata.broker.list'?: KafkaConf['brokers']
  readonly 'group.id'?: string | undefined
  readonly 'client.id'?: string | undefined
  readonly 'client.rack'?: string | undefined
  readonly 'socket.connection.setup.timeout.ms'?: number | undefined
  readonly 'request.timeout.ms'?: number | undefined
  readonly 'metadata.max.age.ms'?: number | undefined
  readonly 'receive.message.max.bytes'?: number | undefined
  readonly 'security.protocol'?: KafkaConf['securityProtocol']
  readonly 'ssl.ca.pem'?: string | undefined
  readonly 'ssl.truststore.certificates'?: string | undefined
  readonly 'ssl.ca.location'?: string | undefined
  readonly 'ssl.certificate.pem'?: string | undefined
  readonly 'ssl.keystore.certificate.chain'?: string | undefined
  readonly 'ssl.certificate.location'?: string | undefined
  readonly 'ssl.key.pem'?: KafkaConf['sslKey']
  readonly 'ssl.keystore.key'?: KafkaConf['sslKey']
  readonly 'ssl.key.location'?: string | undefined
  readonly 'ssl.key.password'?: KafkaConf['sslKeyPassword']
  readonly 'ssl.endpoint.identification.algorithm'?: KafkaConf['sslCheckHostname']
  readonly 'sasl.mechanism'?: KafkaConf['saslMechanism']
  readonly 'sasl.mechanisms'?: KafkaConf['saslMechanism']
  readonly 'sasl.username'?: string | undefined
  readonly 'sasl.password'?: KafkaConf['saslPassword']
  readonly 'group.instance.id'?: string | undefined
  readonly 'auto.offset.reset'?: KafkaConf['autoOffsetReset']
  readonly 'session.timeout.ms'?: number | undefined
  readonly 'heartbeat.interval.ms'?: number | undefined
  readonly 'max.poll.interval.ms'?: number | undefined
  readonly 'rebalance.timeout.ms'?: number | undefined
  readonly 'fetch.max.bytes'?: number | undefined
  readonly 'fetch.max.wait.ms'?: number | undefined
  readonly 'fetch.wait.max.ms'?: number | undefined
  readonly 'isolation.level'?: KafkaConf['isolationLevel']
  /** @deprecated Kafka calls it `acks`. */
  readonly 'request.required.acks'?: KafkaConf['acks']
  readonly 'enable.idempotence'?: boolean | undefined
  readonly 'compression.type'?: KafkaConf['compression']
  /** @deprecated Kafka calls it `compression.type`. */
  readonly 'compression.codec'?: KafkaConf['compression']
  readonly 'delivery.timeout.ms'?: number | undefined
  readonly 'message.timeout.ms'?: number | undefined
  readonly 'linger.ms'?: number | undefined
  /** @deprecated Kafka calls it `linger.ms`. */
  readonly 'queue.buffering.max.ms'?: number | undefined
  readonly 'batch.size'?: number | undefined
  readonly 'max.request.size'?: number | undefined
  readonly 'message.max.bytes'?: number | undefined
  readonly 'buffer.memory'?: number | undefined
}
