import { existsSync } from 'node:fs'
import process from 'node:process'
import { describe, expect, test } from 'vitest'
import { findJava } from '../java.mjs'
import { isAlive } from '../process/process.mjs'
import { registryAnswers, startRegistry } from './registry.mjs'

test('a registry that runs answers, and a port without one does not', async () => {
  expect(await registryAnswers(process.env.SCHEMA_REGISTRY_URL, 5000)).toBe(true)
  expect(await registryAnswers('http://127.0.0.1:1')).toBe(false)
})

// One may be given where there is no Java.
describe.skipIf(!(await findJava()))('startRegistry', { timeout: 180_000 }, () => {
  test('starts, survives a kill with a restart, and leaves nothing behind', async () => {
    const registry = await startRegistry()
    const first = registry.pid
    try {
      await registry.kill()
      expect(isAlive(first)).toBe(false)
      expect(await registryAnswers(registry.url)).toBe(false)
      await registry.restart()
      expect(registry.pid).not.toBe(first)
      expect(await registryAnswers(registry.url, 5000)).toBe(true)
    } finally {
      await registry.stop()
    }
    expect(isAlive(registry.pid)).toBe(false)
    expect(existsSync(registry.folder)).toBe(false)
  })
})
