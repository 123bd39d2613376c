import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from './worker.ts'

const WITHIN_MS = 120_000

/** Resolves when a condition holds. Rejects when a worker has failed, and after two minutes. */
export async function until(what: string, workers: readonly Worker[], condition: () => boolean): Promise<void> {
  const deadline = performance.now() + WITHIN_MS
  while (!condition()) {
    const failed = workers.find(({ failure }) => failure !== undefined)
    if (failed !== undefined) throw new Error(`worker ${failed.name} failed: ${failed.failure}`)
    if (performance.now() > deadline) throw new Error(`waited ${WITHIN_MS / 1000} s until ${what}`)
    await sleep(20)
  }
}

/** Whether the workers have all partitions among them, each once, and as many each as the others or one more. */
export function isBalanced(workers: readonly Worker[], partitions: number): boolean {
  const sizes = workers.map((worker) => worker.partitions.size)
  const all = new Set(workers.flatMap((worker) => [...worker.partitions]))
  const sum = sizes.reduce((total, size) => total + size, 0)
  return all.size === partitions && sum === partitions && Math.max(...sizes) - Math.min(...sizes) <= 1
}
