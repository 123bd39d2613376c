import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Admin } from '@snapstream/kafka'
import { brokers, fresh } from '../odd-days/odd-day.ts'
import { waitUntil } from '../wait-until.ts'

const PARTITIONS = 4
/** Records of the input that are written at once, and how long a feeder rests after that. */
const FEED = { count: 5, restMs: 20 }
const signal = new AbortController().signal

export interface RunningProgram {
  /** The folder that it runs in: its caches are below that. */
  readonly folder: string
  /** What it has written to stderr. */
  readonly stderr: () => string
  /** What its group knows it by. */
  readonly clientId: string
  kill(): Promise<void>
  /** Ends it as Ctrl-C would. Resolves with its exit code. */
  stop(): Promise<number | null>
}

/** A program and what it works on; all of it is gone when it is disposed. */
export interface Day extends AsyncDisposable {
  /** With four partitions each, and names of their own. */
  readonly topics: readonly string[]
  /** Starts the program in a folder, which it shares with those that are started there later. `env`: settings of its own. */
  start(folder: string, env?: Readonly<Record<string, string>>): RunningProgram
  /** Resolves when the group consists of these processes, and each of them has partitions. */
  shared(...programs: readonly RunningProgram[]): Promise<void>
  /** Calls `write` with 0, 1, 2 and so on until it is stopped; that resolves with the number of calls when all are through. */
  feed(write: (n: number) => Promise<unknown>): { stop(): Promise<number> }
  /** Resolves when each of these numbers is larger than it was at the call. */
  grown(what: string, numbers: () => Promise<readonly number[]>): Promise<void>
  /** How many records each partition of a topic has. */
  ends(topic: string): Promise<number[]>
}

/** Makes topics for a program, which gets their names as its arguments, and others behind them. */
export async function startDay(name: string, kinds: readonly string[], ...args: readonly string[]): Promise<Day> {
  const home = mkdtempSync(join(tmpdir(), `snapstream-${name}-`))
  const groupId = fresh(name)
  const admin = Admin({ brokers })
  const topics = kinds.map(fresh)
  for (const topic of topics) await admin.createTopic(topic, { partitions: PARTITIONS })
  const children: ChildProcess[] = []
  const endings: Promise<unknown>[] = []
  /** What each has written to stderr. */
  const said: string[] = []
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
  const loader = ['--import', import.meta.resolve('tsx'), '--conditions=@snapstream/source']

  /** Throws what a program said that ended by itself. */
  function checkRunning(): void {
    for (const [i, { exitCode, spawnargs }] of children.entries())
      if (exitCode !== null) throw new Error(`${spawnargs.join(' ')} ended with ${exitCode}: ${said[i]}`)
  }

  return {
    topics,
    start(folder, own) {
      const cwd = join(home, folder)
      mkdirSync(cwd, { recursive: true })
      const clientId = `${folder}-${children.length}`
      const settings = {
        KAFKA_BROKERS: brokers,
        KAFKA_GROUP_ID: groupId,
        KAFKA_CLIENT_ID: clientId,
        // The shortest that brokers allow by default: for so long the partitions of a process that was killed wait.
        KAFKA_SESSION_TIMEOUT_MS: '6000',
        KAFKA_HEARTBEAT_INTERVAL_MS: '500',
      }
      const env = { ...process.env, ...settings, ...own }
      const child = spawn(process.execPath, [...loader, file, ...topics, ...args], {
        cwd,
        env,
        stdio: ['ignore', 'inherit', 'pipe'],
      })
      const i = children.push(child) - 1
      said[i] = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said[i] += text))
      const gone = once(child, 'close').then(([code]) => code as number | null)
      endings.push(gone)
      return {
        folder: cwd,
        clientId,
        stderr: () => said[i] ?? '',
        async kill() {
          child.kill('SIGKILL')
          await gone
        },
        stop() {
          child.kill('SIGTERM')
          return gone
        },
      }
    },
    async shared(...programs) {
      const wanted = programs.map(({ clientId }) => clientId).toSorted()
      await waitUntil(
        `the group is shared by ${wanted.join(' and ')}`,
        async () => {
          checkRunning()
          const { state, members } = await admin.describeGroup(groupId).catch(() => ({ state: 'Dead', members: [] }))
          const having = members.filter(({ partitions }) => partitions.length > 0).map(({ clientId }) => clientId)
          return state === 'Stable' && having.toSorted().join() === wanted.join()
        },
        { signal, withinMs: 60_000 },
      )
    },
    feed(write) {
      let more = true
      const run = async () => {
        let n = 0
        while (more) {
          await Promise.all(Array.from({ length: FEED.count }, (_, i) => write(n + i)))
          n += FEED.count
          await sleep(FEED.restMs)
        }
        return n
      }
      const running = run()
      // Whoever stops it is told.
      running.catch(() => {})
      return {
        stop() {
          more = false
          return running
        },
      }
    },
    async grown(what, numbers) {
      const before = await numbers()
      const all = async () => {
        checkRunning()
        return (await numbers()).every((now, i) => now > (before[i] ?? 0))
      }
      await waitUntil(`there is more of each of the ${what}`, all, { signal, withinMs: 60_000 })
    },
    async ends(topic) {
      const { partitions } = await admin.describeTopic(topic)
      return partitions.map(({ latest }) => latest)
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL')
      await Promise.all(endings)
      for (const topic of topics) await admin.deleteTopic(topic)
      await admin.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** The bad day of two processes: the second joins, one of them is killed at work and started again, and all goes on meanwhile. */
export async function killOneOfTwo(
  day: Day,
  victim: 'first' | 'second',
  what: string,
  outputs: () => Promise<readonly number[]>,
): Promise<RunningProgram[]> {
  const first = day.start('first')
  await day.shared(first)
  await day.grown(what, outputs)
  const second = day.start('second')
  await day.shared(first, second)
  await day.grown(what, outputs)
  const [killed, kept] = victim === 'first' ? [first, second] : [second, first]
  await killed.kill()
  const again = day.start(victim)
  await day.shared(again, kept)
  await day.grown(what, outputs)
  return [again, kept]
}
