import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { brokerSocket } from './broker-socket.ts'
import { dial } from './dial.ts'
import type { RequestMessage } from './request-channels.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** A socket to a server that answers each request as `answer` says. */
async function connected(answer: (socket: Socket, correlationId: number) => void) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (frame: Buffer) => answer(socket, frame.readInt32BE(4)))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  closers.push(() => void server.close())
  const { port } = server.address() as AddressInfo
  const address = { nodeId: 0, host: '127.0.0.1', port }
  const socket = brokerSocket(await dial(address, undefined, new AbortController().signal), address, 5000)
  closers.push(() => socket.close())
  return { address, socket }
}

/** A frame with a length and a correlation id. */
const frame = (correlationId: number) => {
  const bytes = Buffer.alloc(12)
  bytes.writeInt32BE(8, 0)
  bytes.writeInt32BE(correlationId, 4)
  return bytes
}

function listen() {
  const told: (readonly [channel: unknown, message: RequestMessage, RequestMessage])[] = []
  const listener = (message: unknown, name: unknown) =>
    void told.push([name, message as RequestMessage, { ...(message as RequestMessage) }])
  for (const name of ['snapstream:kafka:request:start', 'snapstream:kafka:request:end']) {
    subscribe(name, listener)
    closers.push(() => unsubscribe(name, listener))
  }
  return told
}

test('both channels are told of a request by the same object', async () => {
  const { address, socket } = await connected((peer, id) => void peer.write(frame(id)))
  const told = listen()
  await socket.request({ api: 'Fetch', frame })
  expect(told.map(([name]) => name)).toEqual(['snapstream:kafka:request:start', 'snapstream:kafka:request:end'])
  const [[, object, start], [, same, end]] = told as [(typeof told)[0], (typeof told)[0]]
  expect(same).toBe(object)
  expect(start).toEqual({
    api: 'Fetch',
    host: address.host,
    port: address.port,
    requestBytes: 12,
    answerBytes: 0,
    durationMs: 0,
    error: undefined,
  })
  expect(end).toEqual({ ...start, answerBytes: 8, durationMs: expect.any(Number) as number })
  expect(end.durationMs).toBeGreaterThan(0)
})

test('a request without an answer ends with the error of the connection', async () => {
  const { socket } = await connected((peer) => void peer.destroy())
  const told = listen()
  await expect(socket.request({ api: 'Produce', frame })).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' })
  expect(told[1]?.[2]).toMatchObject({ api: 'Produce', answerBytes: 0, error: { code: 'BROKER_UNREACHABLE' } })
})

test('a request that the broker does not answer ends once it is sent', async () => {
  const { socket } = await connected(() => {})
  const told = listen()
  await socket.request({ api: 'Produce', frame, answered: false })
  expect(told[1]?.[2]).toMatchObject({ answerBytes: 0, error: undefined })
})

test('a request that this client gives up has no error', async () => {
  const { socket } = await connected(() => {})
  const told = listen()
  const pending = socket.request({ api: 'Fetch', frame })
  await Promise.all([socket.close(), expect(pending).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' })])
  expect(told[1]?.[2]).toMatchObject({ api: 'Fetch', answerBytes: 0, error: undefined })
})
