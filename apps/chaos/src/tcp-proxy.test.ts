import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { KafkaRequest } from './kafka-requests.ts'
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

describe('a watcher', () => {
  /** A request with the key 26 and a client id of one letter, which the echo answers with the same bytes. */
  const request = (letter: string) => `\0\0\0\x0b\0\x1a\0${letter}\0\x1a\0${letter}\0\x01${letter}`

  test('sees each request and its answer, and lets them pass', async () => {
    const seen: string[] = []
    proxy.watcher = {
      request: async ({ apiKey, clientId }) => seen.push(`request ${apiKey} of ${clientId}`) > 0,
      answer: async ({ clientId }) => seen.push(`answer to ${clientId}`) > 0,
    }
    const client = await join()
    client.socket.write(request('a').slice(0, 9))
    await new Promise((resolve) => setTimeout(resolve, 20))
    client.socket.write(request('a').slice(9) + request('b'))
    await until(() => client.got === request('a') + request('b'))
    expect(seen.toSorted()).toEqual(['answer to a', 'answer to b', 'request 26 of a', 'request 26 of b'])
  })

  test('can drop a request before the broker gets it, or its answer', async () => {
    proxy.watcher = {
      request: async ({ clientId }) => clientId !== 'b',
      answer: async ({ clientId }) => clientId !== 'c',
    }
    const client = await join()
    client.socket.write(request('a') + request('b'))
    await until(() => client.got === request('a'))
    const other = await join()
    other.socket.write(request('c'))
    await until(() => (accepted[1]?.bytesRead ?? 0) === request('c').length)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect([client.got, other.got]).toEqual([request('a'), ''])
    expect(accepted[0]?.bytesRead).toBe(request('a').length)
  })

  test('can deliver a request after its client is gone', async () => {
    let held: KafkaRequest | undefined
    let pass = () => {}
    proxy.watcher = {
      request: (one) => {
        held = one
        return new Promise((resolve) => (pass = () => resolve(true)))
      },
      answer: async () => true,
    }
    const client = await join()
    client.socket.write(request('a'))
    await until(() => held !== undefined)
    held?.abandon()
    await until(() => client.closed)
    expect(accepted[0]?.bytesRead).toBe(0)
    pass()
    await until(() => accepted[0]?.bytesRead === request('a').length)
  })
})
