import { openSync, writeSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp, to } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { TopicRecord } from '@snapstream/kafka'
import { clock } from './clock.ts'
import { driverOf } from './driver-of.ts'
import { handlingLine } from './handling.ts'
import { handoverLine, noteLine } from './handover.ts'
import { isDeadLetter, lettersOf, secondOf, secondValues } from './outputs.ts'
import { placeOf } from './place.ts'
import { countedOutput } from './stores/counted-output.ts'
import { countsIn } from './stores/counts.ts'
import type { WorkerPlan } from './worker-plan.ts'

/** Reads the input until a signal ends the process. Writes the place of each record to the output. */
async function work(plan: WorkerPlan): Promise<void> {
  const log = openSync(plan.log, 'a')
  // Written synchronously for each record: a killed process loses its buffers.
  const tell = (...line: Parameters<typeof handlingLine>) => void writeSync(log, handlingLine(...line))
  const { input, output, groupId, log: _file, handleMs, concurrency, several, store, driver, ...settings } = plan
  const conf = { ...settings, driver: driverOf(driver) }

  const handle = ({ partition, offset, key }: TopicRecord<string>) => {
    const start = clock()
    const output = [key, placeOf(partition, offset)] as const
    tell(partition, offset, start, clock())
    return output
  }
  const handleSlowly = async ({ partition, offset, key }: TopicRecord<string>) => {
    const start = clock()
    tell(partition, offset, start)
    await sleep(handleMs)
    tell(partition, offset, start, clock())
    return [key, placeOf(partition, offset)] as const
  }

  const app = createApp({ signals: true })
  app.on('revoked', ({ lanes, reason }) => {
    // The worker keeps them.
    if (reason === 'paused') return
    for (const lane of lanes) writeSync(log, handoverLine(Number(String(lane).split('/').at(-1)), clock(), reason))
  })
  app.on('trouble', ({ error }) => void writeSync(log, noteLine(error.message, clock())))
  app.on('abort', ({ lanes, error }) => {
    writeSync(log, noteLine(`aborted ${lanes.join(', ')}: ${error.message}`, clock()))
  })
  const source = Topic(input, { groupId, conf })
  const atOnce = concurrency === undefined ? {} : { concurrency }
  const first = Topic(output, { conf })
  if (several) {
    const second = Topic(secondOf(output), { conf })
    const onError = { retries: 1, backoffMs: 1, deadLetter: Topic(lettersOf(output), { conf }) }
    app.snap(source, { sink: [first, second], onError, ...atOnce })(async function* ({ partition, offset, key }) {
      const start = clock()
      tell(partition, offset, start)
      const place = placeOf(partition, offset)
      yield to(first, [key, place])
      await sleep(handleMs)
      for (const value of secondValues(place)) yield to(second, [key, value])
      tell(partition, offset, start, clock())
      if (isDeadLetter(offset)) throw new Error('the handler fails for this record, after all of its outputs')
    })
  } else if (store?.folder !== undefined) {
    const counts = countsIn(store.folder, store)
    app.snap(source, { sink: [counts, first], ...atOnce })(function* (record) {
      const { partition, offset, key } = record
      const start = clock()
      const count = (counts.of(record).getSync(key ?? '') ?? 0) + 1
      tell(partition, offset, start, clock())
      yield to(counts, [key ?? '', count])
      yield to(first, [key, countedOutput(placeOf(partition, offset), count)])
    })
  } else app.snap(source, { sink: [first], ...atOnce })(handleMs > 0 ? handleSlowly : handle)
  await app.stream()
}

// Ends with the process that started it.
process.stdin.resume().once('end', () => process.kill(process.pid, 'SIGKILL'))
process.stdin.unref()

await work(JSON.parse(process.argv[2] ?? '{}') as WorkerPlan)
