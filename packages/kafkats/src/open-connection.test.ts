import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { crc32c } from '@node-rs/crc32'
import type { ClientSettings } from '@snapstream/kafka/driver'
import { recordBatchEncoder } from '@snapstream/kafka/record-batch'
import { frameReader } from '@snapstream/kafka/src/wire/cluster/broker-socket.ts'
import { afterEach, describe, expect, test } from 'vitest'
import { openConnection } from './open-connection.ts'

const opened: { server: Server; sockets: Set<Socket> }[] = []
afterEach(() => {
  for (const { server, sockets } of opened.splice(0)) {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
})

/** A fake broker: `answer` makes the answer to a request, which starts with its API key and version. */
async function broker(answer: (request: Buffer) => Buffer | undefined | 'close') {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    const frames = frameReader(Infinity)
    socket.on('data', (data) =>
      frames.push(data, (request) => {
        const body = answer(request)
        if (body === 'close') socket.destroy()
        else if (body) socket.write(framed(Buffer.concat([request.subarray(4, 8), body])))
      }),
    )
  })
  opened.push({ server, sockets })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return { address: { nodeId: 1, host: '127.0.0.1', port }, sockets }
}

const int16 = (value: number) => Buffer.from([value >> 8, value & 0xff])
const int32 = (value: number) => Buffer.from([value >>> 24, value >> 16, value >> 8, value].map((byte) => byte & 0xff))
const framed = (bytes: Buffer) => Buffer.concat([int32(bytes.length), bytes])

const [API_VERSIONS, HEARTBEAT, METADATA] = [18, 12, 3]
/** An answer to ApiVersions with the versions 0 to 3 of the given requests. */
const versions = (...apis: number[]) =>
  Buffer.concat([
    int16(0),
    Buffer.from([apis.length + 1]),
    ...apis.flatMap((api) => [int16(api), int16(0), int16(3), Buffer.from([0])]),
    int32(0),
    Buffer.from([0]),
  ])
const heartbeatAnswer = (throttleMs: number) => Buffer.concat([int32(throttleMs), int16(0)])
const isOf = (request: Buffer, api: number) => request.readInt16BE(0) === api

const settings: ClientSettings = { brokers: [], clientId: 'c', connectTimeoutMs: 300, requestTimeoutMs: 300 }
const open = (address: { nodeId: number; host: string; port: number }, more: Partial<ClientSettings> = {}) =>
  openConnection(address, {
    settings: { ...settings, ...more },
    encode: recordBatchEncoder({ crc32c }),
    checkWith: undefined,
    signal: AbortSignal.timeout(300),
  })
const member = { groupId: 'g', memberId: 'm', groupInstanceId: undefined, generationId: 1 }
const unreachable = { code: 'BROKER_UNREACHABLE', message: expect.stringContaining('127.0.0.1:') }

describe('connecting', () => {
  test('connecting to an address without a broker rejects', async () => {
    const { address } = await broker(() => undefined)
    opened[0]?.server.close()
    await expect(open(address)).rejects.toMatchObject(unreachable)
  })

  test('connecting to a broker that never answers rejects in time, and leaves nothing open', async () => {
    const { address, sockets } = await broker(() => undefined)
    await expect(open(address)).rejects.toMatchObject(unreachable)
    await expect.poll(() => sockets.size).toBe(0)
  })

  test('connecting with a password to a broker that never answers rejects in time', async () => {
    const { address, sockets } = await broker(() => undefined)
    const sasl = { mechanism: 'SCRAM-SHA-256', username: 'u', password: 'p' } as const
    await expect(open(address, { sasl })).rejects.toMatchObject(unreachable)
    await expect.poll(() => sockets.size).toBe(0)
  })

  test('connecting to a broker that closes the connection rejects', async () => {
    const { address } = await broker(() => 'close')
    await expect(open(address)).rejects.toMatchObject(unreachable)
  })

  test('connecting with TLS to a broker without TLS rejects', async () => {
    const { address } = await broker(() => 'close')
    await expect(open(address, { tls: { checkHostname: true } })).rejects.toMatchObject({
      code: expect.stringMatching(/BROKER_UNREACHABLE|TLS_REFUSED/),
    })
  })

  test('connecting with an invalid certificate rejects with the reason, and does no harm later', async () => {
    const { address } = await broker(() => undefined)
    const tls = { checkHostname: true, cert: 'no certificate', key: 'no key' }
    await expect(open(address, { tls })).rejects.toMatchObject({ code: 'USAGE', message: /certificates or the key/ })
  })

  test('a request that a broker is too old for rejects with UNSUPPORTED', async () => {
    const { address } = await broker((request) => (isOf(request, API_VERSIONS) ? versions(METADATA) : undefined))
    const connection = await open(address)
    await expect(connection.heartbeat(member)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: /no version of Heartbeat/,
    })
    await expect(connection.metadata([])).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(connection.isOpen()).toBe(true)
    await connection.close()
  })
})

describe('asking', () => {
  const answering = (answer: (request: Buffer) => Buffer | undefined | 'close') =>
    broker((request) => (isOf(request, API_VERSIONS) ? versions(HEARTBEAT) : answer(request)))

  test('requests share one socket, which is closed with the connection', async () => {
    const { address, sockets } = await answering(() => heartbeatAnswer(0))
    const connection = await open(address)
    expect(await connection.heartbeat(member)).toEqual({ errorCode: 0 })
    expect([sockets.size, connection.isOpen()]).toEqual([1, true])
    await connection.close()
    expect(connection.isOpen()).toBe(false)
    await expect.poll(() => sockets.size).toBe(0)
  })

  test('a request that is not answered rejects in time, and closes the connection', async () => {
    const { address, sockets } = await answering(() => undefined)
    const connection = await open(address)
    const both = await Promise.allSettled([connection.heartbeat(member), connection.heartbeat(member)])
    expect(both).toMatchObject([{ reason: unreachable }, { reason: unreachable }])
    expect(both).toMatchObject([{ reason: { message: /did not answer Heartbeat within 300 ms/ } }, {}])
    expect(connection.isOpen()).toBe(false)
    await expect.poll(() => sockets.size).toBe(0)
  })

  test('a request rejects when the broker closes the connection', async () => {
    const { address } = await answering(() => 'close')
    const connection = await open(address)
    await expect(connection.heartbeat(member)).rejects.toMatchObject(unreachable)
    await expect.poll(() => connection.isOpen()).toBe(false)
  })

  test('a connection that is closed between requests is not open any more', async () => {
    const { address, sockets } = await answering(() => undefined)
    const connection = await open(address)
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => connection.isOpen()).toBe(false)
    await expect(connection.heartbeat(member)).rejects.toMatchObject(unreachable)
  })

  test('an answer that cannot be read rejects with KAFKA_FAILED', async () => {
    const { address } = await answering(() => Buffer.alloc(1))
    const connection = await open(address)
    await expect(connection.heartbeat(member)).rejects.toMatchObject({ code: 'KAFKA_FAILED', message: /Heartbeat/ })
    await connection.close()
  })

  test('a broker that throttles has so much more time to answer', async () => {
    let asked = 0
    const { address, sockets } = await answering(() => {
      if (asked++ === 0) return heartbeatAnswer(600)
      const start = performance.now()
      const later = () => {
        if (performance.now() - start < 500) return void setImmediate(later)
        for (const socket of sockets) socket.write(framed(Buffer.concat([int32(3), heartbeatAnswer(0)])))
      }
      later()
      return undefined
    })
    const connection = await open(address)
    expect(await connection.heartbeat(member)).toEqual({ errorCode: 0 })
    expect(await connection.heartbeat(member)).toEqual({ errorCode: 0 })
    await connection.close()
  })
})
