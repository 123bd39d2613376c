import { createServer } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { apiVersions, framed, goodAnswer, int32, saslAnswer } from '../../conformance/fake-answers.ts'
import { startFakeBroker } from '../../conformance/fake-broker.ts'
import type { FakeBroker, Script } from '../../conformance/fake-broker.ts'
import { requestFrame } from './broker-socket.ts'
import { openSocket } from './open-socket.ts'

const brokers: FakeBroker[] = []
afterEach(async () => {
  for (const broker of brokers.splice(0)) await broker.close()
})

const settings = { brokers: [], clientId: 'c', connectTimeoutMs: 1000, requestTimeoutMs: 500 }

async function start(script: Script): Promise<FakeBroker> {
  const broker = await startFakeBroker(script)
  brokers.push(broker)
  return broker
}

const HEARTBEAT = 12
const heartbeat = {
  api: 'Heartbeat',
  frame: (correlationId: number) =>
    requestFrame({ apiKey: HEARTBEAT, version: 0, correlationId, clientId: 'c' }, Buffer.alloc(0)),
}

test('concurrent requests get their answers in order', async () => {
  const broker = await start({})
  const socket = await openSocket({ nodeId: 1, host: '127.0.0.1', port: broker.port }, settings, never)
  const answers = await Promise.all(Array.from({ length: 50 }, () => socket.request(heartbeat)))
  // The first request was ApiVersions.
  expect(answers.map((answer) => answer.readInt32BE(0))).toEqual(Array.from({ length: 50 }, (_, i) => i + 2))
  expect(socket.versions.get(HEARTBEAT)).toEqual({ min: 0, max: 3 })
  await socket.close()
  expect(socket.isOpen()).toBe(false)
  await expect(socket.request(heartbeat)).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE', message: /Heartbeat/ })
})

test('the level of a feature of the cluster is known', async () => {
  // A tagged field of another number comes before, between and behind the two that count.
  const features = (epoch: number) =>
    Buffer.from(
      '0000' +
        '01' +
        '00000000' +
        '04' +
        '000101' +
        `0108${epoch < 0 ? 'f'.repeat(16) : '00'.repeat(7) + '07'}` +
        '021c03' +
        '0b6d657461646174612e76' +
        '00190001' +
        '00' +
        '0674786e2e76' +
        '00020000' +
        '00' +
        '030101',
      'hex',
    )
  for (const [epoch, level] of [
    [7, 2],
    [-1, undefined],
  ] as const) {
    const broker = await start({ answers: { ApiVersions: () => features(epoch) } })
    const socket = await openSocket({ nodeId: 1, host: '127.0.0.1', port: broker.port }, settings, never)
    expect(socket.features.get('txn.v')).toBe(level)
    await socket.close()
  }
})

test('a broker that does not know the newest version of ApiVersions is asked in the oldest', async () => {
  const versions: number[] = []
  const broker = await start({
    answers: {
      ApiVersions: ({ version }) => {
        versions.push(version)
        return version === 0 ? apiVersions(0, [[HEARTBEAT, 0, 2]]) : Buffer.from('002300000000', 'hex')
      },
    },
  })
  const socket = await openSocket({ nodeId: 1, host: '127.0.0.1', port: broker.port }, settings, never)
  expect(versions).toEqual([3, 0])
  expect([...socket.versions]).toEqual([[HEARTBEAT, { min: 0, max: 2 }]])
  expect(socket.features.size).toBe(0)
  await socket.close()
})

test('the wait of a request extends its own timeout only', async () => {
  const broker = await start({ answers: { Heartbeat: () => () => {} } })
  const address = { nodeId: 1, host: '127.0.0.1', port: broker.port }
  for (const [waitMs, limitMs] of [
    [0, 500],
    [300, 800],
  ] as const) {
    const socket = await openSocket(address, settings, never)
    const start = performance.now()
    await expect(socket.request({ ...heartbeat, waitMs })).rejects.toMatchObject({
      message: `the broker 127.0.0.1:${broker.port} did not answer Heartbeat within ${limitMs} ms; the connection was closed`,
    })
    expect(performance.now() - start).toBeGreaterThanOrEqual(limitMs - 1)
    expect(socket.isOpen()).toBe(false)
  }
})

test.each([2 ** 31 - 1, 2 ** 32])('a request may let the broker wait for %d ms', async (waitMs) => {
  const broker = await start({})
  const socket = await openSocket({ nodeId: 1, host: '127.0.0.1', port: broker.port }, settings, never)
  expect(await socket.request({ ...heartbeat, waitMs })).toHaveLength(10)
  await socket.close()
})

test('an answer without a request closes the connection', async () => {
  const broker = await start({
    answers: {
      Heartbeat: (request, of) => () => {
        request.socket.write(framed(request, goodAnswer(request, of) as Buffer))
        request.socket.write(framed({ ...request, correlationId: 99 }, Buffer.alloc(4)))
      },
    },
  })
  const socket = await openSocket({ nodeId: 1, host: '127.0.0.1', port: broker.port }, settings, never)
  await socket.request(heartbeat)
  await expect.poll(() => socket.isOpen()).toBe(false)
  await expect.poll(() => broker.open()).toBe(0)
})

test('a socket that opens after its caller has given up is closed', async () => {
  for (const script of [{ onConnect: () => {} }, { answers: { ApiVersions: () => () => {} } }]) {
    const broker = await start(script)
    const ended = new AbortController()
    const opening = openSocket({ nodeId: 1, host: '127.0.0.1', port: broker.port }, settings, ended.signal)
    opening.catch(() => {})
    await expect.poll(() => broker.open()).toBe(1)
    ended.abort()
    await expect(opening).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' })
    await expect.poll(() => broker.open()).toBe(0)
  }
  const open = await openSocket({ nodeId: 1, host: 'x', port: 1 }, settings, AbortSignal.abort()).catch(
    (e: unknown) => e,
  )
  expect(open).toMatchObject({ code: 'BROKER_UNREACHABLE' })
})

test('the error for an unresolvable host names the node that advertises it', async () => {
  const of = (nodeId: number) => openSocket({ nodeId, host: 'kafka.invalid', port: 9092 }, settings, never)
  await expect(of(3)).rejects.toMatchObject({
    code: 'BROKER_UNREACHABLE',
    message: expect.stringMatching(
      /kafka\.invalid.*; node 3 advertises the name kafka\.invalid to its clients; set its advertised\.listeners/,
    ),
  })
  await expect(of(-1)).rejects.toMatchObject({ message: expect.not.stringContaining('advertised') })
})

test.each([0, 70_000])('the port %d is invalid', async (port) => {
  await expect(openSocket({ nodeId: 1, host: 'localhost', port }, settings, never)).rejects.toMatchObject({
    code: 'BROKER_UNREACHABLE',
  })
})

describe('a session of SASL', () => {
  const sasl = { mechanism: 'PLAIN', username: 'user', password: 'pencil' } as const

  test('a session is renewed before it expires, and other requests wait meanwhile', async () => {
    const order: string[] = []
    const broker = await start({
      answers: {
        SaslHandshake: () => void order.push('handshake') as never,
        SaslAuthenticate: ({ version }) => {
          order.push('login')
          return saslAnswer(version, Buffer.alloc(0), { lifetimeMs: 1 })
        },
        Heartbeat: () => void order.push('heartbeat') as never,
      },
    })
    const socket = await openSocket({ nodeId: 1, host: '127.0.0.1', port: broker.port }, { ...settings, sasl }, never)
    await socket.request(heartbeat)
    expect(order).toEqual(['handshake', 'login', 'heartbeat'])
    // The client authenticates at most once per second, whatever lifetime the broker states.
    const end = performance.now() + 850
    await expect.poll(() => performance.now() > end, { timeout: 2000 }).toBe(true)
    await Promise.all([1, 2, 3].map(() => socket.request(heartbeat)))
    expect(order.slice(3)).toEqual(['handshake', 'login', 'heartbeat', 'heartbeat', 'heartbeat'])
    await socket.close()
  })

  test('a refused renewal closes the connection', async () => {
    let logins = 0
    const broker = await start({
      answers: {
        SaslAuthenticate: ({ version }) =>
          logins++ === 0
            ? saslAnswer(version, Buffer.alloc(0), { lifetimeMs: 1000 })
            : saslAnswer(version, Buffer.alloc(0), { errorCode: 58, said: 'gone' }),
      },
    })
    const socket = await openSocket({ nodeId: 1, host: '127.0.0.1', port: broker.port }, { ...settings, sasl }, never)
    const end = performance.now() + 850
    await expect.poll(() => performance.now() > end, { timeout: 2000 }).toBe(true)
    await expect(socket.request(heartbeat)).rejects.toMatchObject({ code: 'AUTHENTICATION_REFUSED', message: /gone/ })
    expect(socket.isOpen()).toBe(false)
    await expect.poll(() => broker.open()).toBe(0)
  })
})

test('a full socket holds back requests without an answer', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    // Reads the first request, answers it, and reads no more.
    socket.once('data', (data) => {
      socket.pause()
      socket.write(Buffer.concat([int32(12), data.subarray(8, 12), Buffer.alloc(8)]))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as { port: number }
  const socket = await openSocket({ nodeId: 1, host: '127.0.0.1', port }, { ...settings, requestTimeoutMs: 200 }, never)
  const large = { api: 'Produce', answered: false, frame: () => Buffer.alloc(16 << 20) }
  await expect(socket.request(large)).rejects.toMatchObject({
    code: 'BROKER_UNREACHABLE',
    message: /did not answer Produce within 200 ms/,
  })
  server.close()
})

const { signal: never } = new AbortController()
