import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Cache } from '@snapstream/cache'
import { describe, expect, test, vi } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { builtCommand, cleanEnvironment, fromSources, runCommand, startCommand } from './fixtures/command-process.ts'
import { temporaryFolder } from './fixtures/run.ts'

// Starting a process takes long on a machine that runs other tests at the same time.
const TIMEOUT_MS = 180_000

describe('the modules that a command loads', { timeout: TIMEOUT_MS }, () => {
  const lister = new URL('fixtures/list-modules.mjs', import.meta.url).href
  const commander = dirname(createRequire(import.meta.url).resolve('commander'))
  const ours = fileURLToPath(new URL('.', import.meta.url))

  /** The files that a command loads, without those of Node and of the TypeScript loader. */
  async function loaded(args: readonly string[]): Promise<string[]> {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'modules')
    const { stderr } = await runCommand(args, {
      command: fromSources(['--no-deprecation', '--import', lister]),
      env: { MODULES_FILE: file },
    })
    expect(stderr).toBe('')
    return (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .filter((url) => url.startsWith('file:'))
      .map((url) => fileURLToPath(url.replace(/\?.*/, '')))
  }

  test.each([[['--help']], [['--version']], [['dlq', 'replay', '--help']]])(
    '%j loads the definitions of options, and no code that runs a command',
    async (args) => {
      const files = await loaded(args)
      expect(files).toContain(join(ours, 'program.ts'))
      expect(files.filter((file) => !file.startsWith(ours) && !file.startsWith(commander))).toEqual([])
      const own = files.filter((file) => file.startsWith(ours)).map((file) => file.slice(ours.length))
      expect(own.filter((file) => file.includes('/') && !file.startsWith('definitions/'))).toEqual([])
      expect(own.length).toBeLessThanOrEqual(13)
    },
  )

  test('cache loads no module of Kafka', async () => {
    await using folder = await temporaryFolder()
    await fill(join(folder.path, 'db'))
    const files = await loaded(['cache', join(folder.path, 'db')])
    expect(files.some((file) => file.includes('cache-command'))).toBe(true)
    expect(
      files.filter((file) => /[/\\]packages[/\\]kafka[/\\]|kafkajs|avsc|node_modules[/\\]lossless-json/.test(file)),
    ).toEqual([])
  })
})

describe('the process', { timeout: TIMEOUT_MS }, () => {
  const command = builtCommand()

  test('prints its version and its commands', async () => {
    expect(await runCommand(['--version'], { command })).toEqual({
      code: 0,
      stdout: `${manifest.version}\n`,
      stderr: '',
    })
    const help = await runCommand(['--help'], { command })
    expect(help).toMatchObject({ code: 0, stderr: '' })
    for (const word of ['topic', 'topics', 'cache', 'dlq', 'Examples']) expect(help.stdout).toContain(word)
  })

  test('suggests the closest option for an unknown one', async () => {
    const { code, stdout, stderr } = await runCommand(['topic', 'emoji', '--folow'], { command })
    expect(stderr).toBe("snapstream: unknown option '--folow'\n(Did you mean --follow?)\n")
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  test('prints one line within seconds if no broker answers, and the stack with DEBUG', async () => {
    const args = ['topic', 'emoji', '-b', 'localhost:1', '-X', 'connectTimeoutMs=1000']
    const { code, stdout, stderr } = await runCommand(args, { command })
    expect(stderr).toMatch(
      /^snapstream: no Kafka broker answers at localhost:1 \(tried for 1000 ms\).*\(BROKER_UNREACHABLE\)\n$/,
    )
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    const debugged = await runCommand(args, { command, env: { DEBUG: '1' } })
    expect(debugged.stderr).toMatch(/\n {4}at /)
  })

  test('shows a cache that another process has open, and does not change it', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'db')
    await fill(path)
    const script = `import { Cache } from '@snapstream/cache'
      const cache = Cache(${JSON.stringify(path)})
      await cache.open()
      console.log('held')
      setInterval(() => {}, 1000)`
    const args = [
      '--import',
      import.meta.resolve('tsx'),
      '--conditions=@snapstream/source',
      '--input-type=module',
      '-e',
      script,
    ]
    const cwd = fileURLToPath(new URL('..', import.meta.url))
    const holder = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      await once(holder.stdout, 'data')
      const { code, stdout, stderr } = await runCommand(['cache', path], { command })
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '\n>>> key: a\n1\n', stderr: '' })
      expect(await readdir(folder.path)).toEqual(['db'])
      expect(holder.exitCode).toBe(null)
    } finally {
      holder.kill('SIGKILL')
      await once(holder, 'close')
    }
  })

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends the process while a pattern backtracks for years',
    async (signal) => {
      await using folder = await temporaryFolder()
      const path = join(folder.path, 'db')
      {
        await using cache = Cache<number, string>(path)
        await cache.open()
        for (let i = 0; i < 200; i++) await cache(i, `${'a'.repeat(60)}b`)
      }
      const started = startCommand(['cache', path, '--json', '-v', '(a+)+$'], { command })
      await vi.waitUntil(() => started.stdout.includes('more than 1000 ms'), { timeout: TIMEOUT_MS / 2 })
      started.kill(signal)
      const { code, stdout, stderr } = await started.ended
      expect(stderr).toMatch(/^snapstream: \d+ of \d+ entries could not be read as the options ask/)
      expect(stdout.split('\n').length).toBeLessThan(100)
      expect(code).toBe(130)
    },
  )

  test('its environment does not reach the command', () => {
    expect(Object.keys(cleanEnvironment()).filter((name) => /KAFKA|SNAPSTREAM|DEBUG/.test(name))).toEqual([])
  })
})

async function fill(path: string): Promise<void> {
  await using cache = Cache<string, number>(path)
  await cache.open()
  await cache('a', 1)
}
