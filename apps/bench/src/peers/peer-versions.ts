/** The versions of the other libraries. Results depend on them. */
export const peerVersions = {
  rxjs: '7.8.2',
  ix: '7.0.0',
  'p-queue': '9.3.5',
  kafkajs: '2.2.4',
  '@kafkats/client': '0.12.0',
  '@kafkats/flow': '0.12.0',
  '@platformatic/kafka': '1.35.0',
  'kafka-streams': '4.1.0',
  'franz-go': '1.22.3',
  'confluent-kafka': '2.12.2',
  quixstreams: '3.28.1',
  'snapstream (Python)': '1.0.0',
  'slipstream-async': '1.0.5',
  aiokafka: '0.12.0',
} as const
