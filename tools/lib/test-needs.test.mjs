import { expect, test } from 'vitest'
import { needsOf } from './test-needs.mjs'

test('the name of a test file has its needs', () => {
  expect(needsOf('apps/interop/src/group.python.kafka.test.ts')).toEqual(['python', 'kafka'])
  expect(needsOf('apps/interop/src/clients.java.kafka.test.ts')).toEqual(['java', 'kafka'])
  expect(needsOf('packages/codecs/src/registry/registry.registry.test.ts')).toEqual(['registry'])
  expect(needsOf('packages/kafka/src/topic/topic.kafka.test.ts')).toEqual(['kafka'])
  expect(needsOf('apps/chaos/src/programs/programs.long.kafka.test.ts')).toEqual(['long', 'kafka'])
  expect(needsOf('packages/kafka/src/topic/topic.test.ts')).toEqual([])
  expect(needsOf('apps/python.kafka/src/topic.test.ts')).toEqual([])
})
