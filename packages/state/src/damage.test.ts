import { closeSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createFakeSource } from './fixtures/fake-source.ts'
import { createLogBroker } from './fixtures/log-broker.ts'
import { startProcess } from './fixtures/store-process.ts'
import { tempFolder } from './fixtures/temp-folder.ts'
import { Store, type StoreOptions } from './index.ts'

const KEYS = Array.from({ length: 2000 }, (_, i) => `key-${i}`)

async function start(folder: string, broker = createLogBroker(), options: StoreOptions<string> = {}) {
  const store = Store<string, string>('s', { folder, ...options })
  const process = await startProcess([store], createFakeSource({ broker, partitions: 1, perBatch: 500 }))
  await process.assign(0)
  const message = { partition: 0, key: '' }
  return {
    broker,
    process,
    part: () => {
      process.begin(message)
      return store.of(message)
    },
    async fill() {
      for (const key of KEYS)
        await process.handle(message, () => store.of(message).put(key, `${key} ${'x'.repeat(100)}`))
      process.prepare()
      await process.commit()
    },
  }
}

/** Damages a part of the table that LevelDB has made of its log when it was opened again. */
function damageTable(folder: string, at: number): void {
  const table = readdirSync(folder).find((name) => name.endsWith('.ldb'))
  const path = join(folder, table!)
  const file = openSync(path, 'r+')
  writeSync(file, new Uint8Array(1000).fill(0xff), 0, 1000, Math.floor(statSync(path).size * at))
  closeSync(file)
}

describe('a damaged folder', () => {
  test('that does not open is set aside, and its parts are rebuilt', async () => {
    const root = tempFolder()
    const folder = join(root, 'g')
    const first = await start(root)
    await first.fill()
    await first.process.close()
    for (const name of readdirSync(folder)) if (name.startsWith('MANIFEST')) rmSync(join(folder, name))
    const second = await start(root, first.broker)
    expect(second.part().getSync(KEYS[7]!)).toMatch(/^key-7 x/)
    expect(second.process.troubles).toEqual([
      expect.objectContaining({
        code: 'CACHE_CORRUPT',
        message: expect.stringMatching(
          /a folder of stores is damaged .* it is kept as .*g\.damaged-1, and its parts/,
        ) as string,
      }),
    ])
    expect(readdirSync(root).toSorted()).toEqual(['g', 'g.damaged-1'])
    await second.process.close()
  })

  test('of a store without a changelog is refused: nothing could rebuild it', async () => {
    const root = tempFolder()
    const first = await start(root, undefined, { changelog: false })
    await first.fill()
    await first.process.close()
    writeFileSync(join(root, 'g', 'CURRENT'), 'MANIFEST-999999\n')
    await expect(start(root, first.broker, { changelog: false })).rejects.toMatchObject({ code: 'CACHE_CORRUPT' })
    expect(readdirSync(root)).toEqual(['g'])
  })

  /** A folder with a damaged table, and the changelog of its store. */
  async function damaged(at: number) {
    const root = tempFolder()
    const first = await start(root)
    await first.fill()
    await first.process.close()
    // LevelDB turns its log into a table when it opens the folder again.
    await (await start(root, first.broker)).process.close()
    damageTable(join(root, 'g'), at)
    return { root, broker: first.broker }
  }

  test('whose parts cannot be listed is set aside at once, and rebuilt', async () => {
    const { root, broker } = await damaged(0)
    const { process, part } = await start(root, broker)
    expect(process.troubles[0]!.message).toContain('a folder of stores is damaged')
    expect(part().getSync(KEYS[7]!)).toMatch(/^key-7 x/)
    await process.close()
  })

  test('that a read finds is set aside when the stream ends, and rebuilt by the next one', async () => {
    const { root, broker } = await damaged(0.5)
    const second = await start(root, broker)
    const part = second.part()
    expect(() => KEYS.map((key) => part.getSync(key))).toThrow(
      expect.objectContaining({ code: 'CACHE_CORRUPT' }) as Error,
    )
    await second.process.close()
    expect(second.process.troubles[0]!.message).toContain('a folder of stores is damaged')
    const third = await start(root, broker)
    const whole = third.part()
    expect(KEYS.every((key) => whole.getSync(key)?.startsWith(`${key} x`))).toBe(true)
    await third.process.close()
  })
})
