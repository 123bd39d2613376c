import { SnapstreamError, describe } from '@snapstream/core'
import { isOffset, isTimestamp } from './topic-options.ts'
import type { TopicSpec } from './topic-spec.ts'

/** Checks what the calls that read a topic are given. All of them throw `USAGE`. */

export function expectOffset(spec: TopicSpec, what: string, value: unknown): void {
  if (isOffset(value)) return
  const got = Object.is(value, -0) ? '-0, which is neither the first nor the last' : describe(value)
  throw refused(spec, `takes a whole number (negative: from the end) as ${what}, got ${got}`)
}

export function expectPartition(spec: TopicSpec, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw refused(spec, `takes a partition as a number from 0, got ${describe(value)}`)
}

export function expectTopic(spec: TopicSpec, value: unknown): void {
  if (value !== undefined && typeof value !== 'string')
    throw refused(spec, `takes the name of a topic as topic, got ${describe(value)}`)
}

/** A call that is about one partition has to know of which topic. */
export function expectOneTopic(spec: TopicSpec, topic: string | undefined): void {
  if (topic === undefined && spec.single === undefined)
    throw refused(spec, `stands for several topics; say which: { topic: 'name', partition: 0 }`)
}

export function expectOptions(spec: TopicSpec, options: unknown, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw refused(spec, `takes an object of options, got ${describe(options)}`)
  for (const name of Object.keys(options))
    if (!names.includes(name)) throw refused(spec, `takes ${names.join(' and ')} here, got '${name}'`)
}

/** Where `seek` can go. */
export type SeekTo = number | 'earliest' | 'latest' | { readonly timestamp: number | Date }

export function expectPlace(spec: TopicSpec, to: unknown): void {
  if (typeof to === 'number') expectOffset(spec, 'where to go', to)
  else if (to !== 'earliest' && to !== 'latest' && !isTimestamp((to as { timestamp?: unknown } | null)?.timestamp))
    throw refused(spec, `goes to an offset, 'earliest', 'latest' or { timestamp }, got ${describe(to)}`)
}

function refused({ name }: TopicSpec, what: string): SnapstreamError {
  return new SnapstreamError('USAGE', `Topic(${JSON.stringify(name)}) ${what}`, { topic: name })
}
