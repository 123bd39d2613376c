import { SnapstreamError, toError, type Resource } from '@snapstream/core'
import type { AbstractChainedBatch } from 'abstract-level'
import { backendError } from './backend-error.ts'
import { backendSource, type Backend, type OpenBackend } from './backend.ts'
import { PUT_TEXT } from './batch-encodings.ts'
import { createCommitter } from './committer.ts'
import { diskBytes } from './disk-bytes.ts'
import { exactlyOnceFeed, type ExactlyOnceFeed } from './exactly-once-feed.ts'
import type { PositionWrite } from './kept-positions.ts'
import { createLifecycle } from './lifecycle.ts'
import { createMembers, type Member } from './members.ts'
import { createOwner } from './owner.ts'
import type { Budget, Entry, EntryId } from './overlay.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- as in Backend: encodings are given
export type Batch = AbstractChainedBatch<any, any, any>

/** What a batch takes from an overlay. */
export type Taken = ReadonlyMap<EntryId, Entry>

interface DatabaseOptions {
  readonly bufferBytes: number
  readonly readOnly: boolean
  readonly exactlyOnce: boolean
}

/** What a cache and its sub-caches have in common: a backend, and the batch into which all their writes go. */
export interface Database extends Resource {
  /** For error messages. */
  readonly name: string
  /** Whether sinks have buffered more than they may. */
  readonly isFull: boolean
  /** The longest key that the backend takes, in bytes, where it is open and has a limit. */
  readonly maxKeyBytes: number
  /** The backend; throws `NOT_OPEN`. */
  opened(): Backend
  /** The same, for writing; also throws `UNSUPPORTED` if it was opened to be read only. */
  writable(): Backend
  /** What the files of all its caches take, in bytes. Undefined where there are none. */
  diskBytes(): Promise<number | undefined>
  /** Removes them, or what a database without files holds. */
  destroy(): Promise<void>
  /** In ms since the epoch. What is kept goes by the system's clock, which other processes have too, not by that of a host. */
  now(): number
  readonly readOnly: boolean
  /** Of a database that is exactly once. */
  readonly feed: ExactlyOnceFeed | undefined
  /** What its members count into. */
  readonly buffered: Budget
  join(member: Member): void
  /** The member has something for the next batch. */
  touch(member: Member): void
  /** Resolves once what callers wait for (`all`: also what sinks buffered) up to now is durable. */
  commit(all: boolean): Promise<void>
}

export function createDatabase(location: string | Backend, options: DatabaseOptions): Database {
  const { bufferBytes, readOnly, exactlyOnce } = options
  const source = backendSource(location, readOnly)
  const { name } = source
  const now = () => Date.now()
  const members = createMembers(now)
  const buffered: Budget = { bytes: 0 }
  const { commit } = createCommitter(writeBatch)
  const discard = () => {
    for (const { overlay } of members.all) overlay.discard()
  }
  const owner = exactlyOnce ? createOwner(name, opened) : undefined
  const feed = owner && exactlyOnceFeed({ name, opened, discard, commit, owner })
  let backend: OpenBackend | undefined
  let isOpen = false
  let maxKeyBytes = Infinity
  let loaded = new Set<Member>()

  async function start(): Promise<void> {
    backend = await source.open()
    maxKeyBytes = (backend.db as { maxKeyBytes?: number }).maxKeyBytes ?? Infinity
    try {
      for (const member of members.all) await load(member)
    } catch (error) {
      await backend.close()
      throw backendError(error, name, 'opening')
    }
    isOpen = true
  }

  async function load(member: Member): Promise<void> {
    if (loaded.has(member)) return
    await member.load(backend!.db)
    loaded.add(member)
    members.settle(member)
  }

  async function stop(): Promise<void> {
    isOpen = false
    feed?.abandon()
    const failures: unknown[] = []
    await commit(true).catch((error: unknown) => {
      const size = members.all.reduce((sum, { overlay }) => sum + overlay.size, 0)
      const lost = `${name} was closed before ${size} entries could be written`
      failures.push(new SnapstreamError('CACHE_FAILED', `${lost}: ${toError(error).message}`, { cause: error }))
    })
    for (const { overlay, end } of members.all) {
      overlay.clear()
      end()
    }
    await backend!.close().catch((error: unknown) => failures.push(error))
    backend = undefined
    loaded = new Set()
    if (failures.length > 0) throw failures[0]
  }

  async function writeBatch(all: boolean, positions: readonly PositionWrite[]): Promise<void> {
    const taken = Array.from(members.next(), (member) => [member, member.overlay.take(all)] as const)
    const writing = taken.filter(([member, { size }]) => size > 0 || (!readOnly && member.isDue()))
    try {
      if (writing.length > 0 || positions.length > 0) await writeTaken(writing, positions)
      for (const [member] of writing) {
        member.written()
        members.settle(member)
      }
      for (const [{ overlay }] of taken) overlay.written()
    } catch (error) {
      for (const [member] of writing) {
        member.failed()
        members.settle(member)
      }
      for (const [{ overlay }] of taken) overlay.failed()
      throw error
    }
  }

  async function writeTaken(
    writing: readonly (readonly [Member, Taken])[],
    positions: readonly PositionWrite[],
  ): Promise<void> {
    const { db } = backend!
    const batch = db.batch()
    try {
      for (const [member, taken] of writing) {
        await load(member)
        await member.write(batch, db, taken)
      }
      for (const { key, value } of positions) batch.put(key, value, PUT_TEXT)
      await batch.write({ sync: true, ifExists: owner?.key } as object)
    } catch (error) {
      await batch.close().catch(() => {})
      const size = writing.reduce((sum, [, taken]) => sum + taken.size, 0)
      throw owner?.lost(error) ?? backendError(error, name, `writing a batch of ${size} entries`)
    }
  }

  function opened(): Backend {
    if (isOpen) return backend!.db
    throw new SnapstreamError(
      'NOT_OPEN',
      `${name} is not open; bind it with snap, name it in a binding's use, or await cache.open() first`,
    )
  }

  function refuseReadOnly(): void {
    if (readOnly)
      throw new SnapstreamError(
        'UNSUPPORTED',
        `${name} is opened to be read only; to change it, open it without the option readOnly`,
      )
  }

  return {
    name,
    ...createLifecycle(start, stop),
    get isFull() {
      return buffered.bytes > bufferBytes
    },
    get maxKeyBytes() {
      return maxKeyBytes
    },
    opened,
    writable() {
      refuseReadOnly()
      return opened()
    },
    async diskBytes() {
      const path = backend?.path
      return path === undefined ? undefined : diskBytes(path)
    },
    async destroy() {
      refuseReadOnly()
      await source.destroy()
    },
    now,
    readOnly,
    feed,
    buffered,
    join: members.join,
    touch: members.touch,
    commit,
  }
}
