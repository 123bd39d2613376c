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
/** The number of records that the feeder writes at once, and its pause after that. */
const FEED = { count: 5, restMs: 20 }
const signal = new AbortController().signal

export interface RunningProgram {
  /** The working directory, which holds its caches. */
  readonly folder: string
  /** Its stderr so far. */
  readonly stderr: () => string
  /** Identifies the process among the members of its group. */
  readonly clientId: string
  kill(): Promise<void>
  /** Sends SIGTERM. Resolves with the exit code. */
  stop(): Promise<number | null>
}

/** A program with its topics and folders. Disposal kills its processes and deletes the topics and folders. */
export interface Day extends AsyncDisposable {
  /** Names of new topics with four partitions each. */
  readonly topics: readonly string[]
  /** Starts the program in a folder, which keeps its content for the next start. `env`: more environment variables. */
  start(folder: string, env?: Readonly<Record<string, string>>): RunningProgram
  /** Resolves when the members of the group with partitions are exactly these processes. */
  shared(...programs: readonly RunningProgram[]): Promise<void>
  /** Calls `write` with 0, 1, 2 and so on until `stop()`, which resolves with the number of calls when all have resolved. */
  feed(write: (n: number) => Promise<unknown>): { stop(): Promise<number> }
  /** Resolves when each number has grown since the call. */
  grown(what: string, numbers: () => Promise<readonly number[]>): Promise<void>
  /** The end offset of each partition of a topic. */
  ends(topic: string): Promise<number[]>
}

/** Creates topics for a program. The program gets their names as its arguments, followed by `args`. */
export async function startDay(name: string, kinds: readonly string[], ...args: readonly string[]): Promise<Day> {
  const home = mkdtempSync(join(tmpdir(), `snapstream-${name}-`))
  const groupId = fresh(name)
  const admin = Admin({ brokers })
  const topics = kinds.map(fresh)
  for (const topic of topics) await admin.createTopic(topic, { partitions: PARTITIONS })
  const children: ChildProcess[] = []
  const endings: Promise<unknown>[] = []
  /** The stderr of each process. */
  const said: string[] = []
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
  const loader = ['--import', import.meta.resolve('tsx'), '--conditions=@snapstream/source']

  /** Throws with the stderr of a process that has ended. */
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
        // The minimum that brokers allow by default. The partitions of a killed process wait this long.
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
      // stop() rejects with the error.
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
      await waitUntil(`the number of ${what} grows in each place`, all, { signal, withinMs: 60_000 })
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

/** Starts a process, adds a second, kills one of them and restarts it, with progress after each step. */
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
