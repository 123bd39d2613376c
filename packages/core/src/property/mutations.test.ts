import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { createApp } from '../app.ts'
import { checkScenario } from './check-scenario.ts'
import { checkTransactions } from './check-transactions.ts'
import { mutations } from './mutations.ts'
import type { Mutation } from './mutations.ts'
import { scenarios } from './scenario.ts'
import { transactionScenarios } from './transaction-scenario.ts'

const SOURCES = fileURLToPath(new URL('..', import.meta.url))
/** Far more runs than any mutation has needed. */
const RUNS = 40_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'snapstream-mutations-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Builds the engine from its sources with one mutation. */
async function mutated({ name, file, find, replace }: Mutation): Promise<typeof createApp> {
  const source = await readFile(join(SOURCES, file), 'utf8')
  expect(source.split(find), `${file} has the code to change once`).toHaveLength(2)
  const { outputFiles } = await build({
    entryPoints: [join(SOURCES, 'app.ts')],
    bundle: true,
    format: 'esm',
    write: false,
    plugins: [
      {
        name: 'mutate',
        setup: ({ onLoad }) =>
          onLoad({ filter: new RegExp(`src/${file.replace('.', '\\.')}$`) }, () => ({
            contents: source.replace(find, () => replace),
            loader: 'ts',
          })),
      },
    ],
  })
  const path = join(folder, `${name.replaceAll(' ', '-')}.mjs`)
  await writeFile(path, outputFiles[0]?.contents ?? '')
  const module = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as { createApp: typeof createApp }
  return module.createApp
}

/** Whether a run of some scenario has a violation. */
async function isCaught<T>(all: fc.Arbitrary<T>, check: (scenario: T) => Promise<readonly string[]>): Promise<boolean> {
  const property = fc.asyncProperty(all, async (scenario) => (await check(scenario)).length === 0)
  return (await fc.check(property, { numRuns: RUNS, endOnFailure: true })).failed
}

test.each(mutations)('the property catches: $name', { timeout: 300_000 }, async (mutation) => {
  const createMutant = await mutated(mutation)
  const caught =
    mutation.detectedBy === 'transactions'
      ? isCaught(transactionScenarios, async (scenario) => checkTransactions(createMutant, scenario))
      : isCaught(scenarios, async (scenario) => checkScenario(createMutant, scenario))
  expect(await caught).toBe(true)
})
