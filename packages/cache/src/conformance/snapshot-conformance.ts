import assert from 'node:assert/strict'
import { DELETE } from '../index.ts'
import { checkpoint, collect, openSink, type Check } from './protocol.ts'

export function snapshotConformance(check: Check, hasSnapshots: boolean): void {
  if (!hasSnapshots) {
    check('refuses snapshots with UNSUPPORTED', async (cache) => {
      assert.throws(() => cache.snapshot(), { code: 'UNSUPPORTED' })
    })
    return
  }

  check('shows stored and buffered entries of one moment in a snapshot', async (cache) => {
    const sub = cache.sub('sub')
    const sink = await openSink(cache)
    await cache('stored', 1)
    await cache('removed', 1)
    await sub('stored', 1)
    await sink.write(['buffered', 1])
    const snapshots = [cache.snapshot(), sub.snapshot()] as const
    for (const key of ['stored', 'buffered', 'new']) await sink.write([key, 2])
    await sink.write(['removed', DELETE])
    await sub('stored', 2)
    await sink.flush(checkpoint)
    const [then, subThen] = snapshots
    assert.deepEqual(await collect(then.entries()), [
      ['buffered', 1],
      ['removed', 1],
      ['stored', 1],
    ])
    assert.deepEqual(await then.getMany(['stored', 'buffered', 'new']), [1, 1, undefined])
    assert.deepEqual([await then.get('stored'), await then.has('removed'), await then.has('new')], [1, true, false])
    assert.deepEqual(await collect(subThen.values()), [1])
    assert.equal(await cache.get('stored'), 2)
    await then.close()
    await then.close()
    await assert.rejects(then.get('stored'), { code: 'NOT_OPEN' })
    await subThen.close()
  })
}
