import { expect, test } from 'vitest'
import { clusterId } from './cluster-id.mjs'

test('a cluster id is 16 bytes, another each time, and is not read as an option', () => {
  const ids = Array.from({ length: 5000 }, clusterId)
  expect(ids.filter((id) => id.startsWith('-') || Buffer.from(id, 'base64url').length !== 16)).toEqual([])
  expect(new Set(ids).size).toBe(ids.length)
})
