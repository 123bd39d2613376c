import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { Broker } from '@kafkats/client'
import { expect, test } from 'vitest'
import { brokerOver } from './internals.ts'

const config = { host: 'localhost', port: 9, nodeId: -1, clientId: 'c' }

test('the version of the client is the one whose internals are known', () => {
  const manifest = new URL('../package.json', import.meta.url)
  const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies: Record<string, string> }
  expect(dependencies['@kafkats/client']).toBe('0.12.0')
  expect(createRequire(import.meta.url).resolve('@kafkats/client')).toContain('client')
})

test('a broker of the client is made as it is thought to be', () => {
  const inside = new Broker(config) as unknown as Record<string, Record<string, Record<string, unknown>>>
  for (const name of ['connection', 'fetchConnection']) {
    expect(inside[name]?.['socketFactory']?.['connect']).toBeTypeOf('function')
    expect(inside[name]?.['connect']).toBeTypeOf('function')
  }
})

test('every request that is used is there', () => {
  const broker = new Broker(config)
  const used = [
    ['connect', 'metadata', 'produce', 'initProducerId', 'fetch', 'listOffsets'],
    ['findCoordinator', 'joinGroup', 'syncGroup', 'heartbeat', 'leaveGroup', 'offsetFetch', 'offsetCommit'],
    ['createTopics', 'deleteTopics', 'listGroups', 'describeGroups', 'deleteGroups'],
  ] as const
  expect(used.flat().filter((name) => typeof broker[name] !== 'function')).toEqual([])
})

test('a broker connects by what dials, once, and ends with the socket', async () => {
  const server = createServer((socket) => socket.resume())
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { connect } = await import('node:net')
  const { port } = server.address() as { port: number }
  let dials = 0
  const socket = connect({ port, host: '127.0.0.1' })
  const broker = brokerOver(async () => {
    dials++
    await new Promise((resolve) => {
      socket.once('connect', resolve)
    })
    return socket
  }, config)
  const connecting = broker.connect()
  await expect.poll(() => socket.bytesWritten).toBeGreaterThan(0)
  expect(dials).toBe(1)
  socket.destroy()
  await expect(connecting).rejects.toMatchObject({ name: 'ConnectionClosedError' })
  server.close()
})
