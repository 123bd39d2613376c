import { expect, test } from 'vitest'
import { parseGeneration, parseOffsetCommit } from './offset-commit.ts'

const text = (value: string) => {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(2)
  length.writeInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}
const int16 = (value: number) => Buffer.from([value >> 8, value & 255])
const int32 = (value: number) => Buffer.from([0, 0, value >> 8, value & 255])

const key = Buffer.concat([int16(1), text('gruppe-ü'), text('orders'), int32(513)])
const value = Buffer.concat([int16(3), Buffer.from([0, 0, 0, 1, 0, 0, 0, 2]), Buffer.alloc(20)])

test('a commit is read from its key and its value', () => {
  const commit = { groupId: 'gruppe-ü', topic: 'orders', partition: 513, offset: 2 ** 32 + 2 }
  expect(parseOffsetCommit(key, value)).toEqual(commit)
  // A view of shared memory has a byte offset.
  const shared = Buffer.concat([Buffer.alloc(7), key, value])
  const [from, middle] = [7, 7 + key.length]
  expect(parseOffsetCommit(shared.subarray(from, middle), shared.subarray(middle))).toEqual(commit)
})

test('group metadata, deleted offsets and records without a key are not commits', () => {
  expect(parseOffsetCommit(Buffer.concat([int16(2), text('group')]), value)).toBeUndefined()
  expect(parseOffsetCommit(key, null)).toBeUndefined()
  expect(parseOffsetCommit(null, value)).toBeUndefined()
})

test('a generation is read from group metadata only', () => {
  const members = Buffer.concat([int16(2), text('group')])
  const state = Buffer.concat([int16(3), text('consumer'), int32(258), Buffer.alloc(9)])
  expect(parseGeneration(members, state)).toEqual({ groupId: 'group', generation: 258 })
  expect(parseGeneration(key, value)).toBeUndefined()
  expect(parseGeneration(members, null)).toBeUndefined()
})
