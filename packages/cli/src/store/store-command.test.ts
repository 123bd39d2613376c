import { join } from 'node:path'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { memory } from '@snapstream/kafka/memory'
import { Store } from '@snapstream/state'
import { describe, expect, test, vi } from 'vitest'
import { countedShop } from '../fixtures/counted-shop.ts'
import { jsonLines, run, temporaryFolder } from '../fixtures/run.ts'

const COUNTS = { ada: 3, bob: 1, cora: 1 }

const countsOf = (stdout: string) =>
  Object.fromEntries(jsonLines(stdout).map(({ key, value }) => [key, (value as { readonly n: number }).n]))

describe.each([{ changelog: false }, { changelog: true }])('the entries of a store, %j', ({ changelog }) => {
  const source = changelog ? ['--changelog', '--group', 'shop'] : []

  test('are shown while the program runs', async () => {
    await using shop = await countedShop()
    const { code, stdout, stderr } = await run(['store', 'entries', 'counts', '--json', ...source], shop)
    expect({ code, stderr, counts: countsOf(stdout) }).toEqual({ code: 0, stderr: '', counts: COUNTS })
    for (const { part } of jsonLines(stdout)) expect([0, 1]).toContain(part)
  })

  test('are chosen by key, value, partition and number', async () => {
    await using shop = await countedShop()
    const keys = async (...args: readonly string[]) => {
      const { stdout } = await run(['store', 'entries', 'counts', '--json', ...source, ...args], shop)
      return jsonLines(stdout).map(({ key }) => key as string)
    }
    expect(await keys('--prefix', 'a')).toEqual(['ada'])
    expect(await keys('-k', '^.{3}$')).toEqual(expect.arrayContaining(['ada', 'bob']))
    expect(await keys('-v', '"n":3')).toEqual(['ada'])
    expect(await keys('-n', '1')).toHaveLength(1)
    expect((await Promise.all([keys('-p', '0'), keys('-p', '1')])).flat().toSorted()).toEqual(['ada', 'bob', 'cora'])
    const { stdout } = await run(['store', 'entries', 'counts', '--count', ...source], shop)
    expect(stdout).toBe('3\n')
  })

  test('a key is found in its part', async () => {
    await using shop = await countedShop()
    const { code, stdout } = await run(['store', 'get', 'counts', 'ada', ...source], shop)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\n>>> part: [01]\n>>> key: ada\n\{"n":3\}\n$/)
    expect(await run(['store', 'get', 'counts', 'dora', ...source], shop)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'snapstream: the store "counts" has no key "dora" (CACHE_FAILED)\n',
    })
    expect((await run(['store', 'get', 'counts', '7', '--json-key', ...source], shop)).stderr).toContain('no key 7')
  })
})

test('list shows the parts with their offsets', async () => {
  await using shop = await countedShop()
  const { stdout } = await run(['store', 'list', '--json', '--count'], shop)
  const rows = jsonLines(stdout)
  expect(rows.map(({ group, store }) => [group, store])).toEqual([
    ['shop', 'counts'],
    ['shop', 'counts'],
  ])
  expect(rows.reduce((sum, { entries }) => sum + (entries as number), 0)).toBe(3)
  expect(rows.reduce((sum, { offset }) => sum + (offset as number), 0)).toBe(5)
  expect((await run(['store'], shop)).stdout).toMatch(/^GROUP {2}STORE {3}PART {2}OFFSET\nshop {3}counts {5}0 {7}\d\n/)
})

test('at most 100 entries are shown unless more are asked for', async () => {
  await using folder = await temporaryFolder()
  const conf = { driver: memory(), groupId: 'shop' }
  const app = createApp()
  const store = Store<number, number>('squares', { folder: join(folder.path, 'state') })
  const numbers = Topic('numbers', { conf, create: { partitions: 1 }, until: 'end' })
  const topic = Topic('numbers', { conf, create: { partitions: 1 } })
  await topic.open()
  for (let n = 0; n < 150; n++) await topic(String(n))
  await topic.close()
  app.snap(numbers, { sink: [store] })(({ value }) => [Number(value), Number(value) ** 2] as const)
  await app.stream()
  const cwd = folder.path
  const some = await run(['store', 'entries', 'squares', '--json'], { cwd })
  expect(jsonLines(some.stdout)).toHaveLength(100)
  expect(some.stderr).toBe('snapstream: the first 100 entries; --limit <count> or --all shows more\n')
  expect(jsonLines((await run(['store', 'entries', 'squares', '--json', '--all'], { cwd })).stdout)).toHaveLength(150)
  expect((await run(['store', 'entries', 'squares', '--json', '-n', '120'], { cwd })).stderr).toBe('')
  const { stdout } = await run(['store', 'get', 'squares', '12', '--json-key', '--json'], { cwd })
  expect(stdout).toBe('{"part":0,"key":12,"value":144}\n')
})

describe('clear errors', () => {
  test('name the folder, the group and the store', async () => {
    await using shop = await countedShop()
    const error = async (...args: readonly string[]) => (await run(['store', ...args], shop)).stderr
    expect(await error('list', '--folder', 'nowhere')).toContain('no folder "nowhere" here; name the folder')
    expect(await error('list', '--group', 'other')).toContain('no stores of the group "other" in "state"')
    expect(await error('entries', 'totals')).toContain('has no store "totals": it has counts')
    expect(await error('entries', 'counts', '-p', '7')).toContain('has no part 7 here')
    expect(await error('entries', 'counts', '--changelog')).toContain('--changelog needs --group')
    expect(await error('entries', 'totals', '--changelog', '--group', 'shop')).toContain(
      'the store "totals" has no changelog: the topic "shop-totals-changelog" does not exist',
    )
    expect(await error('get', 'counts', '{', '--json-key')).toContain('the key is no JSON')
    expect(await error('entries', 'counts', '--all', '-n', '3')).toContain("'--all' and '--limit' exclude each other")
  })

  test('the folder of a group may be named itself', async () => {
    await using shop = await countedShop()
    const { stdout } = await run(['store', 'entries', 'counts', '--json', '--folder', 'state/shop'], shop)
    expect(countsOf(stdout)).toEqual(COUNTS)
  })
})

test('a command that takes long tells its progress on a terminal only', async () => {
  await using shop = await countedShop()
  const clock = vi.spyOn(performance, 'now')
  try {
    let now = 0
    clock.mockImplementation(() => (now += 1500))
    const { stderr } = await run(['store', 'entries', 'counts', '--json'], { ...shop, isTTY: true })
    expect(stderr).toMatch(/snapstream: read \d entries\n/)
    expect((await run(['store', 'entries', 'counts', '--json'], shop)).stderr).toBe('')
  } finally {
    clock.mockRestore()
  }
})
