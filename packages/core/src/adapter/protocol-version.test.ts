import { expect, test } from 'vitest'
import { createApp } from '../app.ts'
import { expectProtocol, PROTOCOL_VERSION } from './protocol-version.ts'
import type { BatchSource, SinkTarget } from '../protocol.ts'

const OTHER = PROTOCOL_VERSION + 1

test('an adapter that was built for the version of core is accepted', () => {
  expect(() => expectProtocol('my-adapter', PROTOCOL_VERSION)).not.toThrow()
  expect(() => expectProtocol('my-adapter', PROTOCOL_VERSION, new Map())).not.toThrow()
})

test('an adapter that was built for another version is refused, with both versions and a command', () => {
  expect(() => expectProtocol('my-adapter', OTHER)).toThrow(
    expect.objectContaining({
      code: 'PROTOCOL_MISMATCH',
      message: `my-adapter was built for version ${OTHER} of the protocol of @snapstream/core, and the core that it imports has version ${PROTOCOL_VERSION}; run npm install @snapstream/core@latest my-adapter@latest, with all other packages of @snapstream that you have; npm ls @snapstream/core then lists one version`,
    }),
  )
})

test('a stream passes its version to its sources', async () => {
  const source: BatchSource<string> = {
    '~snapstream.source'({ scope }) {
      expectProtocol('my-adapter', OTHER, scope)
      throw new Error('it was taken')
    },
  }
  const app = createApp()
  app.snap(source)(() => {})
  await expect(app.stream()).rejects.toMatchObject({
    code: 'PROTOCOL_MISMATCH',
    message: expect.stringContaining(
      `my-adapter was built for version ${OTHER} of the protocol of @snapstream/core, and the core that runs the stream has version ${PROTOCOL_VERSION}`,
    ),
  })
})

test('a stream passes its version to its sinks', async () => {
  const sink: SinkTarget<number> = {
    '~snapstream.sink'({ scope }) {
      expectProtocol('my-adapter', OTHER, scope)
      throw new Error('it was taken')
    },
  }
  const handled: number[] = []
  const app = createApp()
  app.snap([1, 2], { sink: [sink] })((n) => (handled.push(n), n))
  await expect(app.stream()).rejects.toMatchObject({ code: 'PROTOCOL_MISMATCH' })
  expect(handled).toEqual([])
})
