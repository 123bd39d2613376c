import { SnapstreamError, toError, type Resource } from '@snapstream/core'
import { refCounted } from '@snapstream/core/adapter'
import { PUT_TEXT, type Backend, type Batch, type OpenBackend } from '../backend/backend.ts'
import { backendError } from '../backend/backend-error.ts'
import { backendSource } from '../backend/backend-source.ts'
import { createFeed, type Feed } from '../exactly-once/feed.ts'
import { createGroupCommit, type Commit, type CommitOptions } from './group-commit.ts'
import { createMembers, type Member } from './members.ts'
import type { BufferUse, Taken } from './pending-writes.ts'

export interface DatabaseOptions {
  /**
   * What the database is, for error messages, which put its location behind it.
   *
   * @default 'the cache'
   */
  readonly title?: string
  readonly bufferBytes: number
  readonly readOnly: boolean
  readonly exactlyOnce: boolean
}

/** The part that a cache shares with its sub-caches: a backend, and the batch that writes all of them. */
export interface Database extends Resource {
  /** For error messages. */
  readonly name: string
  /** Whether sinks have buffered more than `bufferBytes`. */
  readonly isFull: boolean
  /** The longest key that the backend takes, in bytes; Infinity while it is closed, and where there is no limit. */
  readonly maxKeyBytes: number
  readonly readOnly: boolean
  /** Only of a database that is exactly once. */
  readonly feed: Feed | undefined
  readonly bufferUse: BufferUse
  /** Writes a batch; see `Commit`. */
  readonly commit: Commit
  /** The open backend. Throws `NOT_OPEN`. */
  opened(): Backend
  /** The open backend, for writing. Throws `UNSUPPORTED` if it is read-only, and `NOT_OPEN`. */
  writable(): Backend
  /** The folder of its files, if it is open and has one. */
  path(): string | undefined
  /** Removes all entries; the files too where the cache has a folder. */
  destroy(): Promise<void>
  /** In ms since the epoch: expiry goes by the system's clock, which all processes share, and not by that of a host. */
  now(): number
  /** Drops what sinks buffered, in all caches. */
  discard(): void
  join(member: Member): void
  /** Loads a member that has joined while the database is open. Others are loaded with the database. */
  load(member: Member): Promise<void>
  /** The member gives nothing to later batches. A batch that has its writes already is written all the same. */
  leave(member: Member): void
  /** The member has something for the next batch. */
  touch(member: Member): void
}

interface DatabaseState {
  /** From the first `open` until the last `close`; undefined otherwise. */
  backend: OpenBackend | undefined
  /** Whether the backend may be used: not while it is opening, and not while it is closing. */
  isOpen: boolean
  maxKeyBytes: number
  /** The members that were loaded since the backend was opened. */
  loaded: Set<Member>
}

export function createDatabase(location: unknown, options: DatabaseOptions): Database {
  const { title = 'the cache', bufferBytes, readOnly, exactlyOnce } = options
  const source = backendSource(location, readOnly, title)
  const { name } = source
  const now = () => Date.now()
  const members = createMembers(now)
  const bufferUse: BufferUse = { bytes: 0 }
  const commit = createGroupCommit(writeBatch)
  const feed = exactlyOnce ? createFeed(name, opened) : undefined
  const state: DatabaseState = { backend: undefined, isOpen: false, maxKeyBytes: Infinity, loaded: new Set() }

  async function start(): Promise<void> {
    const backend = await source.open()
    state.backend = backend
    state.maxKeyBytes = (backend.db as { maxKeyBytes?: number }).maxKeyBytes ?? Infinity
    try {
      for (const member of members.all) await load(member)
    } catch (error) {
      await backend.close()
      throw backendError(error, name, 'opening')
    }
    state.isOpen = true
  }

  async function load(member: Member): Promise<void> {
    if (state.loaded.has(member)) return
    await member.load(state.backend!.db)
    state.loaded.add(member)
    members.settle(member)
  }

  async function stop(): Promise<void> {
    state.isOpen = false
    if (feed?.abandon()) discard()
    const failures: unknown[] = []
    await commit(true).catch((error: unknown) => {
      const size = [...members.all].reduce((sum, { writes }) => sum + writes.size, 0)
      const lost = `${name} was closed before ${size} entries could be written`
      failures.push(new SnapstreamError('CACHE_FAILED', `${lost}: ${toError(error).message}`, { cause: error }))
    })
    for (const { writes, end } of members.all) {
      writes.clear()
      end()
    }
    await state.backend!.close().catch((error: unknown) => failures.push(error))
    state.backend = undefined
    state.loaded = new Set()
    if (failures.length > 0) throw failures[0]
  }

  function discard(): void {
    for (const { writes } of members.all) writes.discard()
  }

  async function writeBatch(all: boolean, options: Required<CommitOptions>): Promise<void> {
    const taken = Array.from(members.next(), (member) => [member, member.writes.take(all)] as const)
    for (const [member] of taken) touchIfPending(member)
    const writing = taken.filter(([member, { size }]) => size > 0 || (!readOnly && member.isDue()))
    try {
      if (writing.length > 0 || options.positions.length > 0) await writeTaken(writing, options)
      for (const [member] of writing) {
        member.written()
        members.settle(member)
      }
      for (const [{ writes }] of taken) writes.written()
    } catch (error) {
      for (const [member] of writing) {
        member.failed()
        members.settle(member)
      }
      for (const [member] of taken) {
        member.writes.failed()
        touchIfPending(member)
      }
      throw error
    }
  }

  /** The next batch has to ask a member again whose writes were left out of this one. */
  function touchIfPending(member: Member): void {
    if (member.writes.isPending) members.touch(member)
  }

  async function writeTaken(
    writing: readonly (readonly [Member, Taken])[],
    { positions, sync }: Required<CommitOptions>,
  ): Promise<void> {
    const { db } = state.backend!
    const batch: Batch = db.batch()
    try {
      for (const [member, taken] of writing) {
        await load(member)
        await member.write(batch, db, taken)
      }
      for (const { key, value } of positions) batch.put(key, value, PUT_TEXT)
      await batch.write({ sync, ifExists: feed?.owner.key } as object)
    } catch (error) {
      await batch.close().catch(() => {})
      const size = writing.reduce((sum, [, taken]) => sum + taken.size, 0)
      throw feed?.owner.lost(error) ?? backendError(error, name, `writing a batch of ${size} entries`)
    }
  }

  function opened(): Backend {
    if (state.isOpen) return state.backend!.db
    throw new SnapstreamError(
      'NOT_OPEN',
      `${name} is not open; bind it with snap, name it in a binding's use, or await cache.open() first`,
    )
  }

  function refuseReadOnly(): void {
    if (readOnly)
      throw new SnapstreamError(
        'UNSUPPORTED',
        `${name} is read-only; to change it, open it without the option readOnly`,
      )
  }

  const opening = refCounted(start, stop)

  return {
    name,
    open: opening.open,
    close: opening.close,
    get isFull() {
      return bufferUse.bytes > bufferBytes
    },
    get maxKeyBytes() {
      return state.maxKeyBytes
    },
    readOnly,
    feed,
    bufferUse,
    commit,
    opened,
    writable() {
      refuseReadOnly()
      return opened()
    },
    path: () => state.backend?.path,
    async destroy() {
      refuseReadOnly()
      await source.destroy()
    },
    now,
    discard,
    join: members.join,
    async load(member) {
      opened()
      await load(member)
    },
    leave(member) {
      members.leave(member)
      state.loaded.delete(member)
    },
    touch: members.touch,
  }
}
