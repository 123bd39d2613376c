import { readFile, readdir } from 'node:fs/promises'
import { median } from '../figures.ts'

export interface Usage {
  readonly cpuSeconds?: number
  readonly peakBytes?: number
  readonly grewBytes?: number
}

export interface UsageWatch {
  /** The usage so far, with all children; empty without /proc. The process has to be alive. */
  read(): Promise<Usage>
  stop(): void
}

const EVERY_MS = 250
/** The kernel's unit of CPU time for user space, on every platform of Node. */
const TICKS_A_SECOND = 100

/** Watches a process in any language from outside, until `stop`. */
export function watchUsage(pid: number): UsageWatch {
  const resident: number[] = []
  const timer = setInterval(() => {
    void memoryOf(pid, 'VmRSS').then((bytes) => bytes > 0 && resident.push(bytes))
  }, EVERY_MS)
  return {
    async read() {
      const pids = await family(pid)
      const [cpu, peak] = await Promise.all([sum(pids, cpuSecondsOf), sum(pids, (one) => statusBytes(one, 'VmHWM'))])
      if (peak === 0) return {}
      return { cpuSeconds: cpu, peakBytes: peak, ...growth(resident) }
    },
    stop: () => clearInterval(timer),
  }
}

/** The growth from the second quarter of the samples, after the warm-up, to the last quarter. */
export function growth(samples: readonly number[]): { readonly grewBytes?: number } {
  const quarter = Math.floor(samples.length / 4)
  if (quarter < 2) return {}
  return { grewBytes: median(samples.slice(-quarter)) - median(samples.slice(quarter, 2 * quarter)) }
}

/** A process and all its descendants. */
async function family(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  const lists = await Promise.all(threads.map((thread) => text(`/proc/${pid}/task/${thread}/children`)))
  const children = lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number))
  return [pid, ...(await Promise.all(children.map(family))).flat()]
}

async function memoryOf(pid: number, name: string): Promise<number> {
  return sum(await family(pid), (one) => statusBytes(one, name))
}

async function statusBytes(pid: number, name: string): Promise<number> {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(await text(`/proc/${pid}/status`))
  return Number(line?.[1] ?? 0) * 1024
}

/** The CPU time of a process, and of its children that have ended. */
async function cpuSecondsOf(pid: number): Promise<number> {
  const stat = await text(`/proc/${pid}/stat`)
  // The name in parentheses may have spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return [11, 12, 13, 14].reduce((total, at) => total + Number(fields[at] ?? 0), 0) / TICKS_A_SECOND
}

/** Empty for a process that has ended. */
const text = (file: string) => readFile(file, 'utf8').catch(() => '')

async function sum(pids: readonly number[], of: (pid: number) => Promise<number>): Promise<number> {
  const all = await Promise.all(pids.map(of))
  return all.reduce((total, one) => total + one, 0)
}
