import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildPrograms, findJava, startKafka } from '@snapstream/services'
import type { RunningKafka } from '@snapstream/services'
import { root } from './documents.ts'
import { writeDemoData } from './fixtures/demo-data.ts'

const DOCUMENT = join(root, 'docs', 'cli.md')
/** A command, prose, and the output of the command. */
const EXAMPLE = /(```sh\n)((?:(?!```)[^])*?)(```\n(?:(?!```|\n#)[^])*?```text\n)([^]*?)(```)/g

// A broker of its own, because other tests use topics of these names.
describe.skipIf(!(await findJava()))('docs/cli.md', () => {
  let kafka: RunningKafka | undefined
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'snapstream-cli-docs-'))
    kafka = await startKafka({ heapMb: 384, timeoutMs: 240_000 })
    await writeDemoData(kafka.brokers, folder)
    await buildPrograms({ programs: [main()], folder: join(folder, 'built') })
    await writeFile(
      join(folder, 'snapstream'),
      `#!/bin/sh\nexec '${process.execPath}' '${folder}/built/main.mjs' "$@"\n`,
    )
    await chmod(join(folder, 'snapstream'), 0o755)
  }, 600_000)
  afterAll(async () => {
    await kafka?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** The output of a command on a terminal. */
  function outputOf(command: string): Promise<string> {
    const PATH = `${folder}${delimiter}${process.env['PATH'] ?? ''}`
    const settings = { SNAPSTREAM_BROKERS: kafka?.brokers, SNAPSTREAM_CONNECT_TIMEOUT_MS: '60000' }
    const env = { PATH, HOME: folder, NO_COLOR: '1', ...settings }
    return new Promise((resolve, reject) => {
      execFile('bash', ['-c', `exec 2>&1\n${command}`], { cwd: folder, env }, (error, stdout) =>
        error ? reject(new Error(`${command}${stdout}`, { cause: error })) : resolve(stdout),
      )
    })
  }

  // `npx vitest run cli.kafka -u` updates the document after a change of the commands.
  test('is what its commands print, one after the other', { timeout: 900_000 }, async () => {
    const written = await readFile(DOCUMENT, 'utf8')
    let document = ''
    let end = 0
    for (const { 0: example, 1: open, 2: command = '', 3: between, index } of written.matchAll(EXAMPLE)) {
      document += `${written.slice(end, index)}${open}${command}${between}${await outputOf(command)}\`\`\``
      end = index + example.length
    }
    expect(end).toBeGreaterThan(0)
    document += written.slice(end)
    await expect(document).toMatchFileSnapshot(DOCUMENT)
  })
})

const main = () =>
  join(dirname(createRequire(import.meta.url).resolve('@snapstream/cli/package.json')), 'src', 'main.ts')
