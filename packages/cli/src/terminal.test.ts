import { createApp } from '@snapstream/core'
import { Cache } from '@snapstream/cache'
import { Admin, Conf, Topic } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import { memory } from '@snapstream/kafka/memory'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { forLine, forTerminal, jsonForTerminal } from './for-terminal.ts'
import { jsonLines, run, temporaryFolder } from './fixtures/run.ts'
import type { Ran } from './fixtures/run.ts'

afterEach(() => Conf.reset())

/** ESC, BEL, the C1 forms of CSI and OSC, DEL, and marks that turn the direction of text. */
const ODD = '\u001B]0;x\u0007\u009B2J\u009D\u007F\u202E\u2066\u200F\u061C'
// oxlint-disable-next-line no-control-regex -- the test looks for control characters
const STEERS = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/
// oxlint-disable-next-line no-control-regex -- colours are ours
const withoutColours = (text: string) => text.replaceAll(/\u001B\[\d+m/g, '')

/** A topic, a group and a dead letter with such characters everywhere they can be. */
async function prepared(): Promise<Driver> {
  const driver = memory()
  const conf = { driver }
  await using admin = Admin(conf)
  for (const name of ['orders', 'dead']) await admin.createTopic(name)
  await using topic = Topic('orders', { conf })
  await topic.open()
  const headers = [[`name${ODD}`, new TextEncoder().encode(`value${ODD}`)]] as const
  for (const value of [
    `value${ODD}`,
    JSON.stringify({ [`field${ODD}`]: `embedded${ODD}`.replaceAll('\u001B', '').replaceAll('\u0007', '') }),
  ])
    await topic(value, { key: `key${ODD}\n>>> offset: 7`, headers })
  const app = createApp()
  app.snap(Topic('orders', { groupId: `group${ODD}`, until: 'end', conf }), {
    onError: { deadLetter: Topic('dead', { conf }) },
  })(function sum() {
    throw new RangeError(`message${ODD}`)
  })
  await app.stream()
  return driver
}

describe('control characters from outside do not reach a terminal', () => {
  test.each([
    [['topic', 'orders']],
    [['topic', 'orders', '--json']],
    [['topic', 'orders', '-c', `field${ODD}`]],
    [['topic', 'orders', '-s', 'nope', '--json']],
    [['topics', 'lag']],
    [['topics', 'lag', '--json']],
    [['topics', 'lag', `nobody${ODD}`]],
    [['topics', 'describe', `nothing${ODD}`]],
    [['dlq', 'dead']],
    [['dlq', 'dead', '--json']],
    [['dlq', 'show', 'dead']],
    [['dlq', 'show', 'dead', '--json']],
    [['topic', `orders${ODD}`]],
    [['topic', 'orders', `--${ODD}`]],
    [['topic', 'orders', '-n', ODD]],
    [['topic', 'orders', '-k', `(${ODD}`]],
    [[`topic${ODD}`]],
    [['topics', '-X', `name${ODD}=1`]],
    [['topics', '-b', ODD]],
    [['cache', ODD]],
  ])('%#', async (args) => {
    const { stdout, stderr } = await run(args, {
      driver: await prepared(),
      isTTY: true,
      env: { FORCE_COLOR: '1', DEBUG: '1' },
    })
    expect(`${stdout}${stderr}`).not.toBe('')
    expect(withoutColours(stdout)).not.toMatch(STEERS)
    expect(stderr).not.toMatch(STEERS)
  })

  test('JSON on a terminal has the same value as JSON in a pipe, with more escapes', async () => {
    const driver = await prepared()
    const shown = (await run(['topic', 'orders', '--json'], { driver, isTTY: true })).stdout
    const piped = (await run(['topic', 'orders', '--json'], { driver })).stdout
    expect(shown).toContain(String.raw`embedded]0;x\u009b2J\u009d\u007f\u202e\u2066\u200f\u061c`)
    expect(shown).not.toBe(piped)
    expect(jsonLines(shown)).toEqual(jsonLines(piped))
    expect(jsonLines(piped)[0]).toMatchObject({ value: `value${ODD}`, headers: [[`name${ODD}`, `value${ODD}`]] })
  })

  test('line breaks in a key are escaped on a terminal, and unchanged in a pipe', async () => {
    const driver = await prepared()
    const shown = (await run(['topic', 'orders'], { driver, isTTY: true, env: { NO_COLOR: '1' } })).stdout
    expect(shown.match(/^>>> offset: \d+$/gm)).toEqual(['>>> offset: 0', '>>> offset: 1'])
    expect(shown).toContain(String.raw`\u061c\n>>> offset: 7`)
    expect((await run(['topic', 'orders'], { driver })).stdout).toContain(`>>> key: key${ODD}\n>>> offset: 7\n`)
  })

  test('keys and values of caches, and names of sub-caches in errors, are escaped', async () => {
    await using folder = await temporaryFolder()
    {
      await using cache = Cache(join(folder.path, 'db'))
      await cache.open()
      await cache(`key${ODD}`, `value${ODD}`)
      await cache.sub(`sub${ODD}`)('a', 1)
    }
    const all: Ran[] = []
    for (const args of [['db'], ['db', '--json'], ['db', '--sub', `sub${ODD}`], ['db', '--sub', `other${ODD}`]])
      all.push(await run(['cache', ...args], { cwd: folder.path, isTTY: true, env: { NO_COLOR: '1' } }))
    for (const { stdout, stderr } of all) expect(`${stdout}${stderr}`).not.toMatch(STEERS)
    expect(all[3]?.stderr).toContain(String.raw`it has sub\x1b]0;x\x07\x9b2J`)
  })

  test('standard error is always escaped, and an error has one line', async () => {
    const { stderr } = await run(['topic', `a\n\u001B[31m`], { driver: memory() })
    expect(stderr).not.toMatch(STEERS)
    expect(stderr.split('\n')).toHaveLength(2)
  })
})

test('each control character has its escape', () => {
  expect(forTerminal('a\tb\n\u001B\u009B\u202E😀\u200D')).toBe('a\tb\n\\x1b\\x9b\\u202e😀\u200D')
  expect(forLine('a\tb\n\r')).toBe(String.raw`a\tb\n\x0d`)
  expect(jsonForTerminal('{"a":"\u007F\u2066"}')).toBe(String.raw`{"a":"\u007f\u2066"}`)
})
