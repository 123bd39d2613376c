import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../fixtures/run.ts'
import { loadBeside } from './load-beside.ts'

test('a package is loaded from the project in which the command runs', async () => {
  await using folder = await temporaryFolder()
  const modules = join(folder.path, 'node_modules', 'made-for-this-test')
  await mkdir(modules, { recursive: true })
  await writeFile(join(modules, 'package.json'), '{ "type": "module", "exports": "./index.js" }')
  await writeFile(join(modules, 'index.js'), 'export const answer = 42')
  expect(await loadBeside('made-for-this-test', 'a test', { cwd: folder.path, env: {} })).toMatchObject({ answer: 42 })
})

test('the error for a missing package names it and the command to install it', async () => {
  await using folder = await temporaryFolder()
  await expect(loadBeside('made-for-no-test', 'a cache of LMDB', { cwd: folder.path, env: {} })).rejects.toMatchObject({
    code: 'USAGE',
    message:
      'a cache of LMDB needs a package that is not installed; install it beside this command: npm install made-for-no-test',
  })
})
