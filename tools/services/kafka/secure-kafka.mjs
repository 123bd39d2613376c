import { startKafka } from './kafka-broker.mjs'

/** A broker for tests of security: it is started before them and asked for by each. */
export function secureKafka() {
  let kafka
  return {
    async start() {
      kafka = await startKafka({ security: true, heapMb: 512 })
    },
    async stop() {
      await kafka?.stop()
    },
    broker() {
      if (kafka === undefined) throw new Error('the broker was not started')
      return kafka.security
    },
  }
}
