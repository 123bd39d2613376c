import { expect, test } from 'vitest'
import { API_KEYS, parseRequest } from './kafka-requests.ts'

/** A request as clients write it: size, key, version, correlation id, client id, body. */
function frame(clientId: string | undefined, body: string): Buffer {
  const id = Buffer.from(clientId ?? '')
  const bytes = Buffer.concat([Buffer.alloc(14), id, Buffer.from(body)])
  bytes.writeInt32BE(bytes.length - 4, 0)
  bytes.writeInt16BE(API_KEYS.EndTxn, 4)
  bytes.writeInt16BE(3, 6)
  bytes.writeInt32BE(77, 8)
  bytes.writeInt16BE(clientId === undefined ? -1 : id.length, 12)
  return bytes
}

test('the header of a request tells what it is, and who sends it', () => {
  expect(parseRequest(frame('w1', 'the body'))).toEqual({ apiKey: 26, correlationId: 77, clientId: 'w1' })
})

test('a request may have no client id', () => {
  expect(parseRequest(frame(undefined, 'the body'))).toMatchObject({ correlationId: 77, clientId: '' })
})
