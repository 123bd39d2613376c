import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Broker } from '@kafkats/client'
import type { OpenSocket } from '@snapstream/kafka/wire'
import { expect, test } from 'vitest'
import { brokerOver } from './internals.ts'

const config = { host: 'localhost', port: 9, nodeId: -1, clientId: 'c' }

test('the version of the client is the one whose internals are known', () => {
  const manifest = new URL('../package.json', import.meta.url)
  const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies: Record<string, string> }
  expect(dependencies['@kafkats/client']).toBe('0.12.0')
  expect(createRequire(import.meta.url).resolve('@kafkats/client')).toContain('client')
})

test('a broker of the client has the fields that are used', () => {
  const inside = new Broker(config) as unknown as Record<string, Record<string, unknown>>
  for (const name of ['connection', 'fetchConnection']) {
    expect(inside[name]?.['send']).toBeTypeOf('function')
    expect(inside[name]?.['isConnected']).toBe(false)
  }
  expect(inside['apiVersions']).toBeInstanceOf(Map)
})

test('the client has every request that is used', () => {
  const broker = new Broker(config)
  const used = [
    ['connect', 'metadata', 'initProducerId', 'fetch', 'listOffsets'],
    ['findCoordinator', 'joinGroup', 'syncGroup', 'heartbeat', 'leaveGroup', 'offsetFetch', 'offsetCommit'],
    ['createTopics', 'deleteTopics', 'listGroups', 'describeGroups', 'deleteGroups'],
  ] as const
  expect(used.flat().filter((name) => typeof broker[name] !== 'function')).toEqual([])
})

test('a broker sends its requests over the given socket, in a version that both sides know', async () => {
  const sent: { api: string; apiKey: number; version: number; waitMs: number | undefined; answered: boolean }[] = []
  const socket: OpenSocket = {
    versions: new Map([
      [12, { min: 0, max: 3 }],
      [11, { min: 0, max: 5 }],
    ]),
    features: new Map(),
    async request({ api, frame, waitMs, answered = true }) {
      const bytes = frame(7)
      expect(bytes.readInt32BE(0)).toBe(bytes.length - 4)
      expect(bytes.readInt32BE(8)).toBe(7)
      sent.push({ api, apiKey: bytes.readInt16BE(4), version: bytes.readInt16BE(6), waitMs, answered })
      return Buffer.from([0, 0, 0, 7, 0, 0, 0, 0, 0, 25])
    },
    mute: () => {},
    isOpen: () => true,
    close: async () => {},
  }
  const broker = brokerOver(socket, config, 'c')
  const member = { groupId: 'g', memberId: 'm', generationId: 1, groupInstanceId: null }
  expect(await broker.heartbeat(member)).toMatchObject({ errorCode: 25 })
  const join = {
    ...member,
    sessionTimeoutMs: 1,
    rebalanceTimeoutMs: 2 ** 31 - 1,
    protocolType: 'consumer',
    protocols: [],
  }
  await broker.joinGroup(join).catch(() => {})
  expect(sent).toEqual([
    { api: 'Heartbeat', apiKey: 12, version: 3, waitMs: 0, answered: true },
    { api: 'JoinGroup', apiKey: 11, version: 5, waitMs: 2 ** 31 - 1, answered: true },
  ])
})
