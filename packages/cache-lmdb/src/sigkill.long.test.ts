import process from 'node:process'
import { expect, test } from 'vitest'
import { entriesAfter } from './fixtures/numbered-batch.ts'
import { nextLine, runProgram } from './fixtures/run-program.ts'
import { tempFolder } from './fixtures/temp-folder.ts'
import { LmdbLevel } from './index.ts'

const KILLS = Number(process.env['SNAPSTREAM_KILLS'] ?? 10)

test(
  `${KILLS} SIGKILLs during writes lose nothing that was acknowledged, and leave no batch by halves`,
  { timeout: KILLS * 30_000 },
  async () => {
    const folder = tempFolder()
    let least = 0
    for (let kill = 1; kill <= KILLS; kill++) {
      const program = runProgram('write-until-killed.ts', [folder])
      for (let seen = 0; seen <= kill % 5; seen++) least = Number(await nextLine(program))
      program.child.kill('SIGKILL')
      // What it had printed by then was acknowledged too.
      for await (const line of program.lines) least = Number(line)
      await program.exited

      const db = new LmdbLevel(folder)
      const last = Number(await db.get('last'))
      expect(last, `after kill ${kill}`).toBeGreaterThanOrEqual(least)
      expect(await db.iterator().all(), `after kill ${kill}`).toEqual(entriesAfter(last))
      await db.close()
    }
  },
)
