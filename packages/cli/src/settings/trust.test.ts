import { chmod, chown, lchown, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Conf } from '@snapstream/kafka'
import { memory } from '@snapstream/kafka/memory'
import { afterEach, describe, expect, test } from 'vitest'
import { run, temporaryFolder } from '../fixtures/run.ts'
import { loadBeside } from './load-beside.ts'

afterEach(() => Conf.reset())

const SOMEBODY = 54_321
const isRoot = process.geteuid?.() === 0
const hasOwners = process.geteuid !== undefined
const CONFIG = 'snapstream.config.json'

/** Runs `snapstream topics` in a folder `work` of a folder with these files. */
async function withFiles(
  files: Readonly<Record<string, unknown>>,
  use: (folder: string, topics: (options?: Options) => ReturnType<typeof run>) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder()
  const { path } = folder
  await mkdir(join(path, 'work'))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true })
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    await writeFile(join(path, name), text, { mode: 0o600 })
  }
  await use(path, ({ args = [], env = {} } = {}) =>
    run(['topics', ...args], { cwd: join(path, 'work'), home: join(path, 'home'), env, driver: memory() }),
  )
}

interface Options {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const conf = { conf: { brokers: 'a:1', clientId: '$HOST_NAME' } }
const env = { HOST_NAME: 'mine' }

describe.runIf(isRoot)('files of another user (needs root, to change owners)', () => {
  test('a configuration file in a parent folder is not used, and the message says how to use it', () =>
    withFiles({ [CONFIG]: conf }, async (folder, topics) => {
      expect(await topics({ env })).toMatchObject({ code: 0, stderr: '' })
      await chown(join(folder, CONFIG), SOMEBODY, SOMEBODY)
      const path = join(folder, CONFIG)
      expect(await topics({ env })).toEqual({
        code: 2,
        stdout: '',
        stderr:
          `snapstream: the configuration file ${path} was found but is not used: it belongs to the user with the id ` +
          `${SOMEBODY}, and you are 0; --config ${path} uses it, without secrets\n`,
      })
    }))

  test('a configuration file in the home folder is not used, nor one behind a link of another user', () =>
    withFiles({ [`home/${CONFIG}`]: conf, 'mine.json': conf }, async (folder, topics) => {
      await chown(join(folder, 'home', CONFIG), SOMEBODY, SOMEBODY)
      expect(await topics({ env })).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('was found but is not used'),
      })
      await symlink(join(folder, 'mine.json'), join(folder, CONFIG))
      expect(await topics({ env })).toMatchObject({ code: 0, stderr: '' })
      await lchown(join(folder, CONFIG), SOMEBODY, SOMEBODY)
      expect(await topics({ env })).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('was found but is not used'),
      })
    }))

  test('a configuration file of --config is used, and gets no variable and no secret', () =>
    withFiles({ [CONFIG]: conf, 'work/plain.json': { conf: { clientId: 'plain' } } }, async (folder, topics) => {
      const path = join(folder, CONFIG)
      await chown(path, SOMEBODY, SOMEBODY)
      await chown(join(folder, 'work/plain.json'), SOMEBODY, SOMEBODY)
      expect(await topics({ env, args: ['--config', 'plain.json'] })).toMatchObject({ code: 0, stderr: '' })
      const refused = await topics({ env, args: ['--config', path] })
      expect(refused).toMatchObject({ code: 2, stdout: '' })
      expect(refused.stderr).toContain(
        'clientId refers to $HOST_NAME, but the file gets none of your variables and secrets: it belongs to the user with',
      )
      const registry = { registry: 'http://$HOST_NAME', conf: {} }
      await writeFile(path, JSON.stringify({ ...registry, registry: '$HOST_NAME' }))
      const other = await run(['topic', 'x', '--config', path], { cwd: folder, env, driver: memory() })
      expect(other.stderr).toContain('registry refers to $HOST_NAME, but the file gets none')
    }))

  test('with sudo, files of the calling user are trusted, as in git', () =>
    withFiles({ [CONFIG]: conf }, async (folder, topics) => {
      await chown(join(folder, CONFIG), SOMEBODY, SOMEBODY)
      expect(await topics({ env: { ...env, SUDO_UID: String(SOMEBODY) } })).toMatchObject({ code: 0, stderr: '' })
      expect(await topics({ env: { ...env, SUDO_UID: '1' } })).toMatchObject({ code: 2 })
    }))

  test.each(['node_modules', 'node_modules/for-this-test', 'node_modules/for-this-test/index.js'])(
    'a package is not loaded if %s belongs to another user',
    async (part) => {
      const manifest = { type: 'module', exports: './index.js' }
      const files = {
        'node_modules/for-this-test/package.json': manifest,
        'node_modules/for-this-test/index.js': 'export const answer = 42',
      }
      await withFiles(files, async (folder) => {
        const io = { cwd: join(folder, 'work'), env: {} }
        expect(await loadBeside('for-this-test', 'a test', io)).toMatchObject({ answer: 42 })
        await chown(join(folder, part), SOMEBODY, SOMEBODY)
        await expect(loadBeside('for-this-test', 'a test', io)).rejects.toMatchObject({
          code: 'USAGE',
          message: `a test is not loaded from ${join(folder, part)}: it belongs to the user with the id ${SOMEBODY}, and you are 0; install it beside this command: npm install for-this-test`,
        })
      })
    },
  )

  test('a folder with the name of the package is not loaded either', () =>
    withFiles(
      {
        'work/package.json': { name: 'for-this-test', type: 'module', exports: './index.js' },
        'work/index.js': 'export const answer = 42',
      },
      async (folder) => {
        await chown(join(folder, 'work/package.json'), SOMEBODY, SOMEBODY)
        await expect(
          loadBeside('for-this-test', 'a test', { cwd: join(folder, 'work'), env: {} }),
        ).rejects.toMatchObject({
          message: expect.stringContaining('package.json: it belongs to the user'),
        })
      },
    ))
})

describe.runIf(hasOwners)('modes', () => {
  test('a configuration file or a package that everybody may change is not used, even with --config', () =>
    withFiles({ [CONFIG]: conf }, async (folder, topics) => {
      const path = join(folder, CONFIG)
      await chmod(path, 0o666)
      const expected = `snapstream: the configuration file ${path} is not used: everybody may change it (mode 0666): chmod o-w\n`
      expect(await topics({ env })).toEqual({ code: 2, stdout: '', stderr: expected })
      expect(await topics({ env, args: ['--config', path] })).toEqual({ code: 2, stdout: '', stderr: expected })
      const modules = join(folder, 'node_modules', 'for-this-test')
      await mkdir(modules, { recursive: true })
      await writeFile(join(modules, 'index.js'), '')
      await chmod(modules, 0o777)
      await expect(loadBeside('for-this-test', 'a test', { cwd: folder, env: {} })).rejects.toMatchObject({
        message: expect.stringContaining(`${modules}: everybody may change it (mode 0777)`),
      })
    }))

  test('a secret that other users may read is used, with one warning', () =>
    withFiles(
      {
        [CONFIG]: {
          conf: { saslPassword: '$PASSWORD', saslUsername: 'me', clientId: '$PASSWORD' },
          secrets: 'secrets',
        },
        'secrets/PASSWORD': 'p',
        'passwords/key': 'k',
      },
      async (folder, topics) => {
        const args = ['-X', 'security.protocol=sasl_plaintext', '-X', 'sasl.mechanism=PLAIN', '-b', 'a:1']
        const secret = join(folder, 'secrets/PASSWORD')
        await chmod(join(folder, CONFIG), 0o644)
        expect((await topics({ args })).stderr).toBe('')
        await chmod(secret, 0o644)
        const warning = `snapstream: warning: ${secret} holds a secret, and others may read or change it (mode 0644): chmod 600\n`
        expect((await topics({ args })).stderr).toBe(warning)
        const key = join(folder, 'passwords/key')
        await chmod(secret, 0o640)
        await chmod(key, 0o666)
        expect((await topics({ args, env: { SNAPSTREAM_SASL_PASSWORD_FILE: key } })).stderr).toContain(
          `${key} holds a secret`,
        )
      },
    ))

  test('a configuration file with secrets that other users may read is used, with one warning', () =>
    withFiles(
      {
        [CONFIG]: {
          conf: { 'sasl.password': 'p', 'sasl.username': 'me' },
          topics: { x: { registry: 'https://me:p@registry.example.com' } },
        },
      },
      async (folder) => {
        const path = join(folder, CONFIG)
        const options = { cwd: join(folder, 'work'), driver: memory() }
        expect((await run(['topic', 'x'], options)).stderr).not.toContain('warning')
        await chmod(path, 0o644)
        expect((await run(['topic', 'x'], options)).stderr).toContain(
          `snapstream: warning: ${path} holds secrets (sasl.password, registry), and others may read or change it (mode 0644): chmod 600\n`,
        )
      },
    ))
})

test('names of properties that every object has are not names of settings, topics or variables', async () => {
  await withFiles({ [CONFIG]: { topics: {}, conf: { clientId: '$constructor' } } }, async (_, topics) => {
    expect((await topics()).stderr).toContain('refers to $constructor, but neither such a variable nor the file')
  })
  Conf.reset()
  await withFiles({ [CONFIG]: { topics: {} } }, async (folder) => {
    const { stderr } = await run(['topic', 'constructor'], { cwd: folder, driver: memory() })
    expect(stderr).toContain('the topic "constructor" does not exist')
  })
})
