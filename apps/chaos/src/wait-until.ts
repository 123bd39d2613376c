import { setTimeout as sleep } from 'node:timers/promises'
import { clock } from './clock.ts'

export interface WaitOptions {
  readonly signal: AbortSignal
  /** @default 60_000 */
  readonly withinMs?: number
}

/** Resolves when a condition holds. Rejects with an error that names `what` after `withinMs`, or with the signal's reason. */
export async function waitUntil(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { signal, withinMs = 60_000 }: WaitOptions,
): Promise<void> {
  const deadline = clock() + withinMs
  while (!(await condition())) {
    if (clock() > deadline) throw new Error(`waited ${withinMs / 1000} s until ${what}`)
    await sleep(20, undefined, { signal })
  }
}
