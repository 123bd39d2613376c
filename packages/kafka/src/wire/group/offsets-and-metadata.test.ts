import { expect, test } from 'vitest'
import { scriptedBroker } from '../../fixtures/scripted-broker.ts'
import { isRetriable } from '../errors/kafka-error.ts'
import { commitOffsetsAndMetadata, fetchOffsetsAndMetadata } from './offsets-and-metadata.ts'

const partitions = [0, 2].map((partition) => ({ topic: 't', partition }))
const request = { groupId: 'g', partitions, requireStable: true }
const member = { groupId: 'g', generationId: 3, memberId: 'm', groupInstanceId: 'i' }
const offsets = [{ topic: 't', partition: 0, offset: 5, metadata: '{}' }]

test('committed offsets come with their metadata, whether stable or not', async () => {
  const broker = scriptedBroker()
  broker.committed = { offset: 5, metadata: 'me' }
  for (const requireStable of [true, false])
    expect(await fetchOffsetsAndMetadata(broker.connection, { ...request, requireStable })).toEqual([
      { topic: 't', partition: 0, offset: 5, metadata: 'me' },
      { topic: 't', partition: 2, offset: 5, metadata: 'me' },
    ])
  expect(broker.log).toEqual(['OffsetFetch g t/0 t/2 stable', 'OffsetFetch g t/0 t/2 unstable'])
})

test('partitions without a committed offset are left out, and no partition is no request', async () => {
  const broker = scriptedBroker()
  expect(await fetchOffsetsAndMetadata(broker.connection, request)).toEqual([])
  expect(await fetchOffsetsAndMetadata(broker.connection, { ...request, partitions: [] })).toEqual([])
  await commitOffsetsAndMetadata(broker.connection, member, [])
  expect(broker.log).toHaveLength(1)
})

test('an offset on which a transaction is pending is a retriable error', async () => {
  const broker = scriptedBroker()
  broker.next('OffsetFetch', 88)
  const error = await fetchOffsetsAndMetadata(broker.connection, request).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ errorCode: 88 })
  expect(isRetriable(error)).toBe(true)
})

test('offsets are committed with metadata, and a refusal names the partition', async () => {
  const broker = scriptedBroker()
  await commitOffsetsAndMetadata(broker.connection, member, offsets)
  expect(broker.log).toEqual(['OffsetCommit g 3 m i t/0=5{}'])
  broker.next('OffsetCommit', 22)
  await expect(commitOffsetsAndMetadata(broker.connection, member, offsets)).rejects.toMatchObject({
    errorCode: 22,
    at: { topic: 't', partition: 0 },
  })
})
