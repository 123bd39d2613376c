import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startTcpProxy } from './tcp-proxy.ts'
import type { TcpProxy } from './tcp-proxy.ts'

let server: Server
let proxy: TcpProxy
let accepted: Socket[] = []
const clients: Socket[] = []

beforeEach(async () => {
  accepted = []
  server = createServer((socket) => {
    accepted.push(socket)
    socket.on('error', () => {})
    socket.pipe(socket) // an echo
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await startTcpProxy()
  proxy.forwardTo((server.address() as AddressInfo).port)
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await proxy.close()
  for (const socket of accepted) socket.destroy()
  server.close()
})

/** A client and the text that it has received. */
async function join() {
  const socket = connect(proxy.port, '127.0.0.1')
  clients.push(socket)
  const state = { socket, got: '', closed: false }
  socket.on('error', () => {})
  socket.on('close', () => (state.closed = true))
  socket.setEncoding('utf8').on('data', (text: string) => (state.got += text))
  await once(socket, 'connect')
  return state
}
const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), { timeout: 5000 })

test('the proxy forwards all bytes in order, in both directions', async () => {
  const client = await join()
  const text = Array.from({ length: 100_000 }, (_, i) => `${i} `).join('')
  client.socket.write(text)
  await until(() => client.got.length === text.length)
  expect(client.got).toBe(text)
})

test('latencyMs delays each direction and keeps the order', async () => {
  const client = await join()
  proxy.latencyMs = 150
  const started = Date.now()
  client.socket.write('a')
  await until(() => client.got === 'a')
  expect(Date.now() - started).toBeGreaterThanOrEqual(290)
  client.socket.write('b')
  await until(() => accepted.some(({ bytesRead }) => bytesRead === 2))
  proxy.latencyMs = 0
  client.socket.write('c')
  await until(() => client.got === 'abc')
})

test('a black hole holds bytes back until it ends', async () => {
  const client = await join()
  client.socket.write('a')
  await until(() => client.got === 'a')
  proxy.blackHole = true
  client.socket.write('b')
  const late = await join()
  late.socket.write('c')
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect([client.got, late.got, client.closed, late.closed]).toEqual(['a', '', false, false])
  proxy.blackHole = false
  await until(() => client.got === 'ab' && late.got === 'c')
})

test('cut() ends all connections, and new connections work', async () => {
  const client = await join()
  client.socket.write('a')
  await until(() => client.got === 'a')
  proxy.cut()
  await until(() => client.closed)
  const next = await join()
  next.socket.write('b')
  await until(() => next.got === 'b')
  expect(client.got).toBe('a')
})

test('halfOpen() closes the side of the broker without telling the client, and new connections work', async () => {
  const client = await join()
  client.socket.write('a')
  await until(() => client.got === 'a')
  const gone = once(accepted[0] ?? server, 'close')
  proxy.halfOpen()
  await gone
  client.socket.write('b'.repeat(1_000_000))
  const next = await join()
  next.socket.write('c')
  await until(() => next.got === 'c')
  expect([client.got, client.closed]).toEqual(['a', false])
  proxy.cut()
})
