import { expect, test } from 'vitest'
import { scriptedBroker } from '../../fixtures/scripted-broker.ts'
import { openCluster } from '../cluster/cluster.ts'
import { fenceProducers } from './init-producer-id.ts'

const client = { brokers: ['n:1'], clientId: 'c', connectTimeoutMs: 500, requestTimeoutMs: 1000 }
const INIT = 'InitProducerId tx 10000 ms -1/-1'

test('producers are fenced once the coordinator has aborted their transaction', async () => {
  const broker = scriptedBroker()
  const cluster = await openCluster(client, async () => broker.connection)
  broker.next('InitProducerId', 51, 51)
  await fenceProducers(cluster, 'tx', { patienceMs: 1000 })
  // A coordinator that is busy is not looked up again.
  expect(broker.log).toEqual(['FindCoordinator tx of type 1', INIT, INIT, INIT])
})

test('the coordinator is looked up again when it has moved, or when its connection fails', async () => {
  const broker = scriptedBroker()
  const cluster = await openCluster(client, async () => broker.connection)
  broker.next('FindCoordinator', 15)
  broker.next('InitProducerId', 16, 'lost')
  await fenceProducers(cluster, 'tx', { patienceMs: 1000 })
  const found = 'FindCoordinator tx of type 1'
  expect(broker.log).toEqual([found, found, INIT, found, INIT, found, INIT])
})

test('an error that stays rejects, and a retriable one does after its time', async () => {
  const broker = scriptedBroker()
  const cluster = await openCluster(client, async () => broker.connection)
  broker.next('InitProducerId', 53)
  await expect(fenceProducers(cluster, 'tx', { patienceMs: 1000 })).rejects.toMatchObject({ errorCode: 53 })
  broker.next('InitProducerId', ...Array.from({ length: 1000 }, () => 51))
  await expect(fenceProducers(cluster, 'tx', { patienceMs: 100 })).rejects.toMatchObject({ errorCode: 51 })
})
