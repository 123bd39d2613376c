import { SnapstreamError } from '@snapstream/core'
import { expect, test } from 'vitest'
import { bootstrap } from './bootstrap.ts'
import { brokerUnreachable } from '../errors/connection-error.ts'
import type { BrokerAddress, Connect, Connection } from '../protocol/connection.ts'

const settings = (brokers: readonly string[], connectTimeoutMs = 600) => ({
  brokers,
  clientId: 'c',
  connectTimeoutMs,
  requestTimeoutMs: 1000,
})

/** A cluster whose brokers behave as the test sets for their address. */
function brokers(of: Record<string, 'answers' | 'refuses' | 'hangs' | 'is mute' | Error>) {
  const tried: BrokerAddress[] = []
  const open = new Set<object>()
  const connect: Connect = async (address) => {
    tried.push(address)
    const what = of[address.host]
    if (what === 'hangs') return new Promise(() => {})
    if (what === 'refuses' || what === undefined) throw brokerUnreachable(address, 'refuses')
    if (what instanceof Error) throw what
    const self = {}
    open.add(self)
    let fail: (error: Error) => void = () => {}
    return {
      metadata: () =>
        what === 'is mute'
          ? new Promise((_, reject) => {
              fail = reject
            })
          : Promise.resolve({ brokers: [{ nodeId: 1, host: 'n', port: 1 }], controllerId: 1, topics: [] }),
      close: async () => {
        open.delete(self)
        fail(brokerUnreachable(address, 'was closed'))
      },
    } as Partial<Connection> as Connection
  }
  return { connect, tried, hosts: () => tried.map(({ host }) => host), open: () => open.size }
}

test('bootstrap uses the first address that answers', async () => {
  const { connect, hosts } = brokers({ a: 'refuses', b: 'answers', c: 'answers' })
  const first = await bootstrap(settings(['a:1', 'b:2', 'c:3']), connect)
  expect(first.address).toEqual({ nodeId: -1, host: 'b', port: 2 })
  expect(first.metadata.controllerId).toBe(1)
  expect(hosts()).toEqual(['a', 'b'])
})

test('an address that does not connect or answer leaves time for the others', async () => {
  const { connect, hosts, open } = brokers({ a: 'hangs', b: 'is mute', c: 'answers' })
  const started = Date.now()
  await bootstrap(settings(['a:1', 'b:2', 'c:3']), connect)
  expect(Date.now() - started).toBeLessThan(600)
  expect(hosts()).toEqual(['a', 'b', 'c'])
  await expect.poll(open).toBe(1)
})

test('bootstrap tries all addresses repeatedly until one answers', async () => {
  const state: Parameters<typeof brokers>[0] = { a: 'refuses', b: 'refuses' }
  const { connect, hosts } = brokers(state)
  const starting = bootstrap(settings(['a:1', 'b:2'], 5000), connect)
  await expect.poll(() => hosts().length).toBeGreaterThan(3)
  state['b'] = 'answers'
  expect((await starting).address.host).toBe('b')
})

test('the error after the timeout names the addresses', async () => {
  const { connect, open } = brokers({ a: 'refuses', b: 'is mute' })
  const started = Date.now()
  const error = await bootstrap(settings(['a:1', '[::1]:2', 'b:3']), connect).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'BROKER_UNREACHABLE', message: expect.stringContaining('a:1, [::1]:2, b:3') })
  expect(Date.now() - started).toBeLessThan(900)
  await expect.poll(open).toBe(0)
})

test('an error that is not retriable rejects at once without trying other addresses', async () => {
  const refused = new SnapstreamError('AUTHENTICATION_REFUSED', 'wrong password')
  const { connect, hosts } = brokers({ a: refused, b: 'answers' })
  await expect(bootstrap(settings(['a:1', 'b:2'], 5000), connect)).rejects.toBe(refused)
  expect(hosts()).toEqual(['a'])
})

test('IPv6 addresses are given in brackets and used without them', async () => {
  const { connect, tried } = brokers({ 'fe80::1': 'answers' })
  await bootstrap(settings(['[fe80::1]:9092']), connect)
  expect(tried).toEqual([{ nodeId: -1, host: 'fe80::1', port: 9092 }])
})

test.each(['localhost', 'a:b', 'a:0', 'a:70000', '::1:9092', 'a:1,b:2', ''])(
  '%j is not a valid address',
  async (text) => {
    const { connect } = brokers({})
    await expect(bootstrap(settings([text]), connect)).rejects.toMatchObject({ code: 'USAGE' })
  },
)

test('the error names the limit of sockets of the process', async () => {
  const noHandles = Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' })
  const { connect } = brokers({
    a: brokerUnreachable({ nodeId: -1, host: 'a', port: 1 }, 'cannot be reached', noHandles),
  })
  await expect(bootstrap(settings(['a:1'], 100), connect)).rejects.toMatchObject({
    code: 'BROKER_UNREACHABLE',
    message: expect.stringContaining('EMFILE'),
  })
})
