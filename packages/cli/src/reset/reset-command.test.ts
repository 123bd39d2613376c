import { existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import { join } from 'node:path'
import { Admin } from '@snapstream/kafka'
import { expect, test } from 'vitest'
import { countedShop } from '../fixtures/counted-shop.ts'
import { jsonLines, run } from '../fixtures/run.ts'

const RESET = ['reset', '--group', 'shop']

test('a dry run shows what would be reset, and --yes resets it', async () => {
  await using shop = await countedShop()
  await shop.stop()
  await using admin = Admin({ driver: shop.driver })
  const dry = await run([...RESET, '--dry-run'], shop)
  expect(dry).toMatchObject({ code: 0, stderr: '' })
  expect(dry.stdout).toMatch(
    /^KIND +NAME +EFFECT\noffsets +orders +back to the first record \(5 records in 2 partitions\)\nchangelog +shop-counts-changelog +the topic is deleted\nfolder +.*state.shop.* +the parts of the store "counts" are removed\n$/,
  )
  expect(await admin.listTopics()).toContain('shop-counts-changelog')
  const done = await run([...RESET, '--yes'], shop)
  expect(done).toMatchObject({ code: 0, stderr: 'snapstream: the group "shop" was reset\n' })
  expect((await admin.offsets('shop')).map(({ committed }) => committed)).toEqual([0, 0])
  expect(await admin.listTopics()).toEqual(['orders'])
  expect(await run([...RESET, '--yes'], shop)).toMatchObject({
    code: 0,
    stdout: '',
    stderr: 'snapstream: the group "shop" has nothing to reset\n',
  })
})

test('is refused while the group has members, before anything is removed', async () => {
  await using shop = await countedShop()
  for (const how of ['--dry-run', '--yes'])
    expect(await run([...RESET, how], shop)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/"?shop"? .*\(GROUP_NOT_EMPTY\)\n$/),
    })
  await using admin = Admin({ driver: shop.driver })
  expect(await admin.listTopics()).toContain('shop-counts-changelog')
})

test('asks on a terminal, and elsewhere wants --yes', async () => {
  await using shop = await countedShop()
  await shop.stop()
  const answer = (text: string) => Object.assign(Readable.from([text]), { isTTY: true })
  expect(await run(RESET, { ...shop, stdin: answer('n\n') })).toMatchObject({
    code: 1,
    stderr: 'Go on? [y/N] snapstream: nothing was reset\n',
  })
  expect(await run(RESET, shop)).toMatchObject({ code: 2, stderr: expect.stringContaining('add --yes, or --dry-run') })
  expect(await run([...RESET, '--json'], shop)).toMatchObject({ code: 2 })
  await using admin = Admin({ driver: shop.driver })
  expect(await admin.listTopics()).toContain('shop-counts-changelog')
  expect(await run(RESET, { ...shop, stdin: answer('y\n') })).toMatchObject({ code: 0 })
  expect(await admin.listTopics()).not.toContain('shop-counts-changelog')
})

test('a changelog that may be of another group is not touched unless its store is named', async () => {
  await using other = await countedShop('shop-eu')
  await other.stop()
  await using shop = await countedShop('shop', other.driver)
  await shop.stop()
  const { code, stderr } = await run([...RESET, '--yes'], shop)
  expect(code).toBe(2)
  expect(stderr).toContain('"shop-eu-counts-changelog" may be a changelog of the group "shop" or of "shop-eu"')
  const { stdout } = await run([...RESET, '--yes', '--json', '--store', 'counts'], shop)
  expect(jsonLines(stdout).map(({ kind, name }) => [kind, name])).toEqual([
    ['offsets', 'orders'],
    ['changelog', 'shop-counts-changelog'],
    ['folder', expect.stringContaining(join('state', 'shop'))],
  ])
  await using admin = Admin({ driver: shop.driver })
  expect(await admin.listTopics()).toEqual(['orders', 'shop-eu-counts-changelog'])
})

test('creates no folder', async () => {
  await using shop = await countedShop()
  await shop.stop()
  expect(await run([...RESET, '--dry-run', '--folder', 'elsewhere'], shop)).toMatchObject({ code: 0 })
  expect(existsSync(join(shop.cwd, 'elsewhere'))).toBe(false)
})
