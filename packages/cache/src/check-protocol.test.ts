import { PROTOCOL_VERSION } from '@snapstream/core/adapter'
import type { ReaderOptions, SinkOptions } from '@snapstream/core'
import { MemoryLevel } from 'memory-level'
import { expect, test } from 'vitest'
import { Cache } from './cache.ts'

test('a cache refuses a core with another version of the protocol', () => {
  const other = PROTOCOL_VERSION + 1
  const options = { scope: new Map([['~snapstream.protocol', other]]) } as unknown as ReaderOptions & SinkOptions
  const message = `@snapstream/cache was built for version ${PROTOCOL_VERSION} of the protocol of @snapstream/core, and the core that runs the stream has version ${other}; run npm install @snapstream/core@latest @snapstream/cache@latest`
  const cache = Cache(new MemoryLevel())
  expect(() => cache['~snapstream.source'](options)).toThrow(message)
  expect(() => cache['~snapstream.sink'](options)).toThrow(message)
})
