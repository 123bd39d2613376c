import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nextLine, runProgram } from './fixtures/run-program.ts'
import { hasTmpfs, smallDisk } from './fixtures/tmpfs.ts'

const LONG = { timeout: 120_000 }

describe.skipIf(!hasTmpfs)('a disk that is full (skipped where no tmpfs can be mounted)', () => {
  for (const way of ['put', 'batch', 'many', 'cache'])
    test(
      `fails a write by ${way} with a name, keeps what was acknowledged, and goes on when there is room`,
      LONG,
      async () => {
        const program = runProgram('full-disk.ts', [smallDisk(8000), way])
        const result = JSON.parse(await nextLine(program)) as Record<string, number | string>
        expect(await program.exited).toEqual([0, null])
        expect(result['code']).toBe(way === 'cache' ? 'CACHE_FAILED' : 'LEVEL_IO_ERROR')
        expect(result['message']).toMatch(
          /writing failed: .*; make room, or use another disk \(this one has \d+ bytes left\)/,
        )
        const each = way === 'batch' || way === 'many' ? 5 : 1
        expect(result['acknowledged']).toBeGreaterThan(20)
        expect(result['kept']).toBe(Number(result['acknowledged']) * each)
      },
    )

  test('refuses a new database with the reason, whatever little space there is', LONG, async () => {
    const disk = smallDisk(200)
    const spare = join(disk, 'spare')
    const outcomes: string[] = []
    for (const pages of [0, 1, 2, 4, 6, 8, 16]) {
      const folder = join(disk, 'db')
      mkdirSync(folder)
      writeFileSync(spare, Buffer.alloc(200 * 1024 - pages * 4096))
      const program = runProgram('open-and-write.ts', [folder])
      outcomes.push(await nextLine(program))
      expect(await program.exited, `with ${pages} pages`).toEqual([0, null])
      rmSync(folder, { recursive: true })
      rmSync(spare)
    }
    expect(outcomes[0]).toMatch(/^LEVEL_IO_ERROR .*opening failed: .*; make room, .* has \d+ bytes left/)
    expect(outcomes.slice(0, -1).filter((outcome) => !/^(LEVEL_IO_ERROR .*make room|written)/.test(outcome))).toEqual(
      [],
    )
    expect(outcomes.at(-1)).toBe('written')
  })

  test('opens an existing database, and leaves no files behind', LONG, async () => {
    const disk = smallDisk(300)
    const folder = join(disk, 'db')
    expect(await nextLine(runProgram('open-and-write.ts', [folder]))).toBe('written')
    const spare = join(disk, 'spare')
    writeFileSync(spare, '')
    try {
      for (;;) writeFileSync(spare, Buffer.alloc(4096), { flag: 'a' })
    } catch {
      truncateSync(spare)
    }
    const program = runProgram('open-and-write.ts', [folder])
    expect(await nextLine(program)).toBe('written')
    await program.exited
    expect(readdirSync(folder).toSorted()).toEqual(['data.mdb', 'lock.mdb', 'made.mdb'])
  })
})
