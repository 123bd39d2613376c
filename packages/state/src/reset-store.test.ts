import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createApp, route } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { memory } from '@snapstream/kafka/memory'
import { Level } from 'level'
import { expect, onTestFinished, test } from 'vitest'
import { tempFolder } from './fixtures/temp-folder.ts'
import { Store } from './index.ts'

/** A group that has counted one order, in a folder. */
async function counted() {
  const conf = { driver: memory(), groupId: 'shop' }
  const folder = tempFolder()
  const orders = Topic('orders', { conf, create: { partitions: 1 } })
  await orders.open()
  onTestFinished(() => orders.close())
  await orders('order', { key: 'ada' })
  const build = (stores: readonly string[]) => {
    const app = createApp()
    const sink = stores.map((name) => Store<string, number>(name, { folder }))
    app.snap(Topic('orders', { conf, until: 'end' }), { sink })(({ key }) => [key!, 1] as const)
    return app
  }
  const bindRouted = () => {
    const app = createApp()
    const out = route({ counts: Store<string, number>('counts', { folder }) }, () => 'counts')
    app.snap(Topic('orders', { conf }), { sink: [out] })(({ key }) => [key!, 1] as const)
    return app
  }
  return { folder, build, bindRouted }
}

test('a reset of an app that never ran finds nothing, and creates no folder', async () => {
  const { folder, build } = await counted()
  expect(await build(['counts']).reset()).toEqual([])
  expect(existsSync(join(folder, 'shop'))).toBe(false)
})

test('a reset removes the stores of the app, and leaves others in the folder', async () => {
  const { folder, build } = await counted()
  await build(['counts', 'totals']).stream()
  const items = await build(['counts']).reset()
  expect(items.map(({ kind, name }) => [kind, name])).toEqual([
    ['offsets', 'orders'],
    ['changelog', 'shop-counts-changelog'],
    ['folder', expect.stringContaining(join(folder, 'shop'))],
  ])
  const left = await build(['counts', 'totals']).reset({ dryRun: true })
  expect(left.map(({ name, effect }) => [name, effect])).toEqual([
    ['shop-totals-changelog', 'the changelog of the store "totals" is deleted'],
    [expect.stringContaining(join(folder, 'shop')), 'the parts of the store "totals" are removed'],
  ])
})

test('a reset is refused while a process has the folder open, before anything is removed', async () => {
  const { folder, build } = await counted()
  await build(['counts']).stream()
  const before = await build(['counts']).reset({ dryRun: true })
  const db = new Level(join(folder, 'shop'))
  await db.open()
  for (const dryRun of [true, false])
    await expect(build(['counts']).reset({ dryRun })).rejects.toMatchObject({ code: 'CACHE_LOCKED' })
  await db.close()
  expect(await build(['counts']).reset({ dryRun: true })).toEqual(before)
})

test('a reset finds stores behind a route', async () => {
  const { build, bindRouted } = await counted()
  await build(['counts']).stream()
  const items = await bindRouted().reset({ dryRun: true })
  expect(items.map(({ kind }) => kind)).toEqual(['offsets', 'changelog', 'folder'])
})

test('a reset is refused while the stream runs', async () => {
  const { build } = await counted()
  const app = build(['counts'])
  const running = app.stream()
  await expect(app.reset()).rejects.toMatchObject({ code: 'ALREADY_RUNNING' })
  await running
})
