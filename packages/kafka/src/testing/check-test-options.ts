import { describe } from '@snapstream/core'
import { closestName } from '../conf/closest-name.ts'
import type { TestAppOptions } from './test-app.ts'
import { usage } from '../conf/usage.ts'

/** The least that each number may be; undefined for what is no number. */
const OPTIONS: Readonly<Record<keyof TestAppOptions, number | undefined>> = {
  app: undefined,
  context: undefined,
  partitions: 1,
  topics: undefined,
  retention: undefined,
  startMs: 0,
  checkpointMs: 1,
  shutdownMs: 0,
  readyLag: 0,
  patienceMs: 0,
}

/** Throws `USAGE`. */
export function checkTestOptions(options: Pick<TestAppOptions, 'topics'>): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (!Object.hasOwn(OPTIONS, name)) {
      const closest = closestName(name, Object.keys(OPTIONS))
      throw usage(`createTestApp has no option ${name}${closest ? `; did you mean ${closest}?` : ''}`)
    }
    const least = OPTIONS[name as keyof TestAppOptions]
    if (least === undefined || value === undefined) continue
    if (!Number.isFinite(value) || (value as number) < least)
      throw usage(`${name} of createTestApp takes a number of ${least} or more, got ${describe(value)}`)
  }
  for (const [topic, count] of Object.entries(options.topics ?? {}))
    if (!Number.isSafeInteger(count) || count < 1)
      throw usage(`topics of createTestApp takes numbers of partitions, got ${describe(count)} for ${topic}`)
}
