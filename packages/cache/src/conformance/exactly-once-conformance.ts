import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { SinkWriter } from '@snapstream/core'
import type { CacheInput, CacheKey } from '../index.ts'
import { collect, openSink, type Check } from './protocol.ts'

type Sink = Required<SinkWriter<CacheInput<CacheKey, unknown>>>

const source = { '~snapstream.lasting': { name: 'group' } }
const at = (position: number) => ({ id: 1, positions: new Map([[source, new Map([['topic/0', position]])]]) })
const origin = { message: undefined, source: {}, lane: 'topic/0', timestamp: undefined, headers: undefined }
const EXACTLY_ONCE = { exactlyOnce: true }

/** The promises of an exactly-once cache. `conditional`: the database has `conditionalBatches`. */
export function exactlyOnceConformance(check: Check, conditional: boolean): void {
  check(
    'stores positions beside the entries, where no read shows them',
    async (cache) => {
      const sink = (await openSink(cache)) as Sink
      await sink.accepts(source)
      await sink.write(['a', 1])
      await sink.flush(at(7))
      assert.deepEqual(await sink.positions(source, ['topic/0', 'topic/1']), new Map([['topic/0', 7]]))
      assert.deepEqual(await collect(cache.entries()), [['a', 1]])
      assert.deepEqual(await collect(cache.entries({ reverse: true })), [['a', 1]])
    },
    EXACTLY_ONCE,
  )

  check(
    'keeps or undoes a transaction with its message',
    async (cache) => {
      const sink = (await openSink(cache)) as Sink
      await sink.accepts(source)
      const add = () =>
        cache.transaction('a', async (transaction) => {
          transaction.put('a', Number((await transaction.get('a')) ?? 0) + 1)
        })
      await sink.enclose(() => add(), origin)
      await assert.rejects(
        sink.enclose(async () => {
          await add()
          assert.equal(await cache.get('a'), 2)
          throw new Error('undone')
        }, origin),
        { message: 'undone' },
      )
      assert.equal(await cache.get('a'), 1)
      await assert.rejects(add(), { code: 'USAGE' })
      await sink.flush(at(1))
      await sink.enclose(() => add(), origin)
      assert.equal(await cache.get('a'), 2)
      // Writes since the checkpoint are discarded with their stream.
      await sink.close()
      assert.equal(await cache.get('a'), 1)
    },
    EXACTLY_ONCE,
  )

  check(
    'feeds a cache and its sub-caches as one sink',
    async (cache) => {
      const sub = cache.sub('sub')
      const options = { signal: new AbortController().signal, scope: new Map(), trouble() {} }
      const open = async (one: typeof cache) => (await one['~snapstream.sink'](options as never)) as Sink
      const [first, second] = [await open(cache), await open(sub)]
      assert.equal(first.atomic, second.atomic)
      await first.accepts(source)
      await first.write(['a', 1])
      await second.write(['a', 2])
      await first.flush(at(3))
      await first.close()
      await second.close()
      assert.deepEqual([await cache.get('a'), await sub.get('a')], [1, 2])
      const again = await open(sub)
      assert.deepEqual(await again.positions(source, ['topic/0']), new Map([['topic/0', 3]]))
      await again.close()
    },
    EXACTLY_ONCE,
  )

  if (conditional)
    check(
      'refuses the batch of a stream whose place another stream has taken',
      async (cache, location) => {
        const sink = (await openSink(cache)) as Sink
        await sink.accepts(source)
        await sink.write(['a', 1])
        await sink.flush(at(1))
        await sink.write(['a', 2])
        // Another process begins by removing the key of this stream.
        const db = location as unknown as {
          readonly conditionalBatches?: boolean
          clear(range: object): Promise<void>
        }
        assert.equal(db.conditionalBatches, true)
        await db.clear({ gte: Buffer.of(0x71), lt: Buffer.of(0x72), keyEncoding: 'buffer' })
        await assert.rejects(async () => sink.flush(at(2)), { code: 'CACHE_LOCKED' })
        await sink.close()
        assert.equal(await cache.get('a'), 1)
        const again = (await openSink(cache)) as Sink
        assert.deepEqual(await again.positions(source, ['topic/0']), new Map([['topic/0', 1]]))
        await again.close()
      },
      EXACTLY_ONCE,
    )
}
