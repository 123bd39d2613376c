// Counts the records of a log per key into an exactly-once cache, like a stream with one partition. Prints the start position,
// `checkpoint` after each checkpoint, and finally how it ended. Run by one-folder.long.test.ts.
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { Cache } from '@snapstream/cache'
import { createApp, type Batch, type BatchSource } from '@snapstream/core'
import { LmdbLevel } from '@snapstream/cache-lmdb'

const LANE = 'log/0'
const BATCH = 50

const [folder = '', end, checkpointMs] = process.argv.slice(2)

/** Record n is the number n. `assigned` gives the start position. */
const log: BatchSource<number> = {
  '~snapstream.lasting': { name: 'group' },
  '~snapstream.source': ({ assigned, signal }) => {
    let next: number | undefined
    const start = async () => {
      const from = Number((await assigned([LANE]))?.get(LANE) ?? 0)
      console.log(`from ${from}`)
      return from
    }
    const batch = (first: number): Batch<number> => ({
      lane: LANE,
      messages: Array.from({ length: Math.min(BATCH, Number(end) - first) }, (_, i) => first + i),
      bytes: 0,
      position: (n) => first + n,
      done() {},
    })
    return {
      async read() {
        next ??= await start()
        if (next >= Number(end) || signal.aborted) return undefined
        await setTimeout(5)
        next += BATCH
        return batch(next - BATCH)
      },
      commit() {},
      close() {},
    }
  },
}

const counts = Cache<string, number>(new LmdbLevel(folder), { exactlyOnce: true })
const app = createApp()
app.on('checkpoint', ({ lanes }) => {
  if (lanes > 0) console.log('checkpoint')
})
app.snap(log, { sink: [counts] })((n) => [`key ${n % 7}`, (counts.getSync(`key ${n % 7}`) ?? 0) + 1] as const)
try {
  await app.stream({}, { checkpointMs: Number(checkpointMs) })
  console.log('ended')
} catch (error) {
  const { code, message } = error as { code: string; message: string }
  console.log(`${code} ${message}`)
}
