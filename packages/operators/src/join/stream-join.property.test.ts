import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchJoin, pairText } from './fixtures/batch-join.ts'
import type { SideMessage } from './fixtures/batch-join.ts'
import { plainPart } from './fixtures/plain-part.ts'
import type { PlainPart } from './fixtures/plain-part.ts'
import { StreamJoin } from './stream-join.ts'
import type { StreamJoinSpec } from './stream-join.ts'

const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 300)

const spec = fc.record({
  beforeMs: fc.integer({ min: 0, max: 20 }),
  afterMs: fc.integer({ min: 0, max: 20 }),
  graceMs: fc.integer({ min: 0, max: 15 }),
  type: fc.constantFrom('inner', 'left', 'outer'),
}) as fc.Arbitrary<StreamJoinSpec>

const input = fc.array(
  fc.record({
    side: fc.constantFrom('left', 'right'),
    key: fc.constantFrom('a', 'b'),
    /** From the message before, in event time. */
    afterMs: fc.integer({ min: 0, max: 8 }),
    /** As a share of the grace. */
    outOfOrder: fc.constantFrom(0, 0, 0.5, 1),
    fate: fc.constantFrom('handled', 'handled', 'handled', 'retried', 'again', 'skipped', 'restart', 'ticked'),
  }),
  { maxLength: 60 },
)

let attempts = 0

/** Runs a message, or a tick, as the frame of operators does. Returns the results of the attempt. */
async function attempt(
  join: StreamJoin,
  part: PlainPart,
  root: object,
  message: SideMessage | undefined,
  time: number,
) {
  for (;;) {
    const told: string[] = []
    const next = ({ left, right }: { readonly left: object | undefined; readonly right: object | undefined }) =>
      void told.push(pairText(left as SideMessage | undefined, right as SideMessage | undefined))
    try {
      join.begin(root, attempts++, part)
      for (let timer = part.takeTimer('event', time); timer; timer = part.takeTimer('event', time)) {
        part.advance(timer.time)
        join.timer(part, timer, next)
      }
      part.advance(time)
      const isInTime =
        !message ||
        join.message(
          part,
          { side: message.side === 'left' ? 0 : 1, key: message.key, time: message.timestamp, message },
          next,
        )
      return { told, isInTime }
    } catch (thrown) {
      const loading = (thrown as { '~snapstream.loading'?: Promise<void> })['~snapstream.loading']
      if (!loading) throw thrown
      part.undo()
      await loading
    }
  }
}

test('messages in any order within grace give what a batch gives, whatever fails meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(spec, input, async (spec, input) => {
      const part = plainPart()
      let join = new StreamJoin(spec)
      const results: string[] = []
      const counted: SideMessage[] = []
      let time = 100
      for (const [i, { side, key, afterMs, outOfOrder, fate }] of input.entries()) {
        const timestamp = time + afterMs - Math.floor(outOfOrder * spec.graceMs)
        const isLatest = timestamp > time
        const message = {
          side,
          key,
          timestamp: Math.max(timestamp, time - spec.graceMs),
          value: `${side[0]}${i}`,
        } as const
        if (fate === 'restart') {
          part.reopen()
          join = new StreamJoin(spec)
        }
        part.begin()
        const root = message
        let { told, isInTime } = await attempt(join, part, root, message, message.timestamp)
        expect(isInTime).toBe(true)
        if (fate === 'retried' || fate === 'skipped' || fate === 'again') {
          part.undo()
          // A store that has something to load begins again without a word.
          if (fate !== 'again') join.undo(root)
          if (fate === 'skipped') continue
          ;({ told, isInTime } = await attempt(join, part, root, message, message.timestamp))
        }
        join.end(root)
        results.push(...told)
        counted.push(message)
        if (isLatest) time = message.timestamp
        if (fate === 'ticked') {
          part.begin()
          time += 3
          const tick = { tick: true } as const
          results.push(...(await attempt(join, part, tick, undefined, time)).told)
          join.end(tick)
        }
      }
      part.begin()
      const end = {}
      results.push(...(await attempt(join, part, end, undefined, time + 1000)).told)
      expect(results.toSorted()).toEqual(batchJoin(counted, spec))
      // Old messages go with new ones.
      for (let i = 0; i < 10; i++) {
        part.begin()
        const last = { side: 'left', key: 'z', timestamp: time + 2000 + i, value: 'last' } as const
        await attempt(join, part, last, last, last.timestamp)
        join.end(last)
      }
      expect(part.sizes.entries).toBeLessThanOrEqual(10)
    }),
    { numRuns },
  )
})
