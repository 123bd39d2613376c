import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Cache } from '@snapstream/cache'
import { LmdbLevel } from '@snapstream/cache-lmdb'
import { describe, expect, onTestFinished, test } from 'vitest'

const LONG = { timeout: 120_000 }
const RECORDS = 20_000
/** A process that is stopped right after a checkpoint is not within the next one, which would block other users of LMDB. */
const SELDOM_MS = 1000
const OFTEN_MS = 20

/** Runs a process in a pid namespace of its own, like a container. */
const NAMESPACES = ['unshare', '--pid', '--fork', '--mount-proc']
const hasNamespaces = spawnSync('unshare', [...NAMESPACES.slice(1), 'true']).status === 0
const isLinux = process.platform === 'linux'

interface Program {
  readonly child: ChildProcess
  readonly lines: AsyncIterableIterator<string>
  readonly exited: Promise<unknown>
}

const LOADER = ['--import', import.meta.resolve('tsx'), '--conditions=@snapstream/source']
const PROGRAM = fileURLToPath(new URL('count-log.ts', import.meta.url))

function count(folder: string, until: number, checkpointMs: number, before: readonly string[] = []): Program {
  const [file, ...args] = [...before, process.execPath, ...LOADER, PROGRAM, folder, `${until}`, `${checkpointMs}`]
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator](), exited: once(child, 'exit') }
}

async function nextLine({ lines }: Program): Promise<string> {
  const next = await lines.next()
  if (next.done === true) throw new Error('the program ended without another line')
  return next.value
}

function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'snapstream-one-folder-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function countsIn(folder: string): Promise<number> {
  let sum = 0
  for await (const [, count] of Cache<string, number>(new LmdbLevel(folder))) sum += count
  return sum
}

/** The last line of a program. */
async function outcomeOf({ lines, exited }: Program): Promise<string> {
  let last = ''
  for await (const line of lines) last = line
  await exited
  return last
}

/** The pid of the child of `unshare`. */
function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim())
}

describe('two processes that feed an exactly-once cache in one folder of LMDB', () => {
  test.skipIf(!isLinux)(
    'the second is refused while the first lives, even if paused, and accepted afterwards',
    LONG,
    async () => {
      const folder = tempFolder()
      const first = count(folder, Infinity, SELDOM_MS)
      expect([await nextLine(first), await nextLine(first)]).toEqual(['from 0', 'checkpoint'])
      const refused = new RegExp(`^CACHE_LOCKED .*fed by another process, pid ${first.child.pid}; stop it, or give`)
      expect(await outcomeOf(count(folder, RECORDS, OFTEN_MS))).toMatch(refused)
      expect(await nextLine(first)).toBe('checkpoint')
      process.kill(first.child.pid!, 'SIGSTOP')
      expect(await outcomeOf(count(folder, RECORDS, OFTEN_MS))).toMatch(refused)
      process.kill(first.child.pid!, 'SIGCONT')
      expect(await nextLine(first)).toBe('checkpoint')
      first.child.kill('SIGKILL')
      await first.exited
      const last = count(folder, RECORDS, OFTEN_MS)
      const from = Number((await nextLine(last)).slice('from '.length))
      expect(from).toBeGreaterThan(0)
      expect(await outcomeOf(last)).toBe('ended')
      expect(await countsIn(folder)).toBe(Math.max(from, RECORDS))
    },
  )

  test.skipIf(!hasNamespaces)(
    'a second that cannot see the first takes over; writes of the first are refused, and each record counts once',
    LONG,
    async () => {
      const folder = tempFolder()
      const first = count(folder, Infinity, SELDOM_MS, NAMESPACES)
      expect([await nextLine(first), await nextLine(first)]).toEqual(['from 0', 'checkpoint'])
      const pid = childOf(first.child.pid!)
      process.kill(pid, 'SIGSTOP')
      onTestFinished(() => {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // It has ended.
        }
      })
      const second = count(folder, RECORDS, OFTEN_MS)
      const from = Number((await nextLine(second)).slice('from '.length))
      expect(from).toBeGreaterThan(0)
      for (let i = 0; i < 3; i++) expect(await nextLine(second)).toBe('checkpoint')
      process.kill(pid, 'SIGCONT')
      expect(await outcomeOf(first)).toMatch(/^CACHE_LOCKED .*was taken over by the stream of another process/)
      expect(await outcomeOf(second)).toBe('ended')
      expect(await countsIn(folder)).toBe(Math.max(from, RECORDS))
    },
  )
})
