import { createApp } from '@snapstream/core'
import { PROTOCOL_VERSION } from '@snapstream/core/adapter'
import type { ReaderOptions, SinkOptions } from '@snapstream/core'
import { expect, test } from 'vitest'
import { memory } from '../memory/index.ts'
import { Topic } from './topic.ts'

const OTHER = PROTOCOL_VERSION + 1
const conf = { driver: memory() }
/** The options with which a core with another version of the protocol opens a topic. */
const options = { scope: new Map([['~snapstream.protocol', OTHER]]) } as unknown as ReaderOptions & SinkOptions
const MESSAGE = `@snapstream/kafka was built for version ${PROTOCOL_VERSION} of the protocol of @snapstream/core, and the core that runs the stream has version ${OTHER}; run npm install @snapstream/core@latest @snapstream/kafka@latest`

test('a topic refuses a core with another version of the protocol', () => {
  const topic = Topic('orders', { conf, groupId: 'billing', create: true })
  expect(() => topic['~snapstream.source'](options)).toThrow(MESSAGE)
  expect(() => topic.slice(0)['~snapstream.source'](options)).toThrow(MESSAGE)
  expect(() => topic['~snapstream.sink'](options)).toThrow(MESSAGE)
})

test('a topic accepts a core with the same version of the protocol', async () => {
  const app = createApp()
  app.snap(['1'], { sink: [Topic('orders', { conf, create: true })] })((text) => text)
  await expect(app.stream()).resolves.toBeUndefined()
})
