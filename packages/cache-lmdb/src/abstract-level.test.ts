import { once, type EventEmitter } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tempFolderInMemory } from './fixtures/temp-folder.ts'
import { LmdbLevel, type LmdbLevelOptions } from './index.ts'

interface Harness {
  (name: string, run: () => void): void
  createStream(options: { objectMode: true }): EventEmitter
}

/** A row of tape's results: an assertion, or the title of a test. */
interface TapeRow {
  readonly type: string
  readonly name?: string
  readonly ok?: boolean
}

type Suite = (options: { test: Harness; factory(options?: LmdbLevelOptions<string, string>): LmdbLevel }) => void

const require = createRequire(import.meta.url)
const { createHarness } = require('tape') as { createHarness(): Harness }
const suite = require('abstract-level/test') as Suite

test("passes abstract-level's own suite, on the database and on a sublevel", { timeout: 300_000 }, async () => {
  const folder = tempFolderInMemory()
  const harness = createHarness()
  const rows = harness.createStream({ objectMode: true })
  suite({ test: harness, factory: (options) => new LmdbLevel(mkdtempSync(join(folder, 'db-')), options) })
  const failures: string[] = []
  let title: string | undefined
  let passed = 0
  rows.on('data', ({ type, name, ok }: TapeRow) => {
    if (type === 'test') title = name
    if (type !== 'assert') return
    if (ok === true) passed++
    else failures.push(`${title}: ${name}`)
  })
  await once(rows, 'end')
  expect(failures).toEqual([])
  expect(passed).toBeGreaterThan(5000)
})
