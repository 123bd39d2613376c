import { connect } from 'node:net'

const METADATA = 3
const CORRELATION = 0x534e4150

/**
 * Whether a Kafka broker at this address serves requests: it answers a metadata request with at least one broker that is
 * not fenced. A port accepts connections earlier.
 */
export async function kafkaAnswers(address, timeoutMs = 1000) {
  return (await knownBrokers(address, timeoutMs)) > 0
}

/** The number of brokers, without fenced ones, that the broker at this address knows; 0 if it does not answer. */
export function knownBrokers(address, timeoutMs = 1000) {
  const colon = address.lastIndexOf(':')
  return new Promise((resolve) => {
    const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) })
    let received = Buffer.alloc(0)
    const finish = (count) => {
      socket.destroy()
      resolve(count)
    }
    socket.setTimeout(timeoutMs, () => finish(0))
    socket.once('error', () => finish(0))
    socket.once('close', () => finish(0))
    socket.once('connect', () => socket.write(metadataRequest()))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (received.length >= 12) finish(received.readInt32BE(4) === CORRELATION ? received.readInt32BE(8) : 0)
    })
  })
}

/** A metadata request, version 1, for no topics. Its response begins with the number of brokers. */
function metadataRequest() {
  const clientId = Buffer.from('snapstream')
  const body = Buffer.alloc(2 + 2 + 4 + 2 + clientId.length + 4)
  body.writeInt16BE(METADATA, 0)
  body.writeInt16BE(1, 2)
  body.writeInt32BE(CORRELATION, 4)
  body.writeInt16BE(clientId.length, 8)
  clientId.copy(body, 10)
  body.writeInt32BE(0, 10 + clientId.length)
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}
