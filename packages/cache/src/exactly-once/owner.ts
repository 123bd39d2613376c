import { Buffer } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { SnapstreamError } from '@snapstream/core'
import { backendCode, backendError } from '../backend/backend-error.ts'
import { DEL, PUT_TEXT, type Backend } from '../backend/backend.ts'
import { OWNER_TAG } from '../entry/key-space.ts'

const RANGE = {
  gte: Buffer.of(OWNER_TAG),
  lt: Buffer.of(OWNER_TAG + 1),
  keyEncoding: 'buffer',
  valueEncoding: 'utf8',
} as const

/** A process, distinguished from earlier ones with the same pid. */
interface Process {
  readonly pid: number
  /** The boot of the machine and the start of the process in kernel ticks; undefined where the platform does not tell. */
  readonly started: string | undefined
}

/**
 * Fences an exactly-once database whose backend lets several processes in: only the stream that took it last may write. A
 * stream writes a key of its own when it starts and removes the key of the stream before it. The backend writes a batch only
 * if the key of its stream exists, which it checks in the transaction of the batch.
 */
export interface Owner {
  /** The key that has to exist when a batch is written; undefined where no other process can write. */
  readonly key: Buffer | undefined
  /** Takes the database. Rejects with `CACHE_LOCKED` while the process that has it is alive. */
  take(): Promise<void>
  release(): Promise<void>
  /** The error for a batch that was refused because the key does not exist; undefined for any other error. */
  lost(error: unknown): SnapstreamError | undefined
}

export function createOwner(name: string, opened: () => Backend): Owner {
  let key: Buffer | undefined

  async function others(): Promise<[key: Buffer, owner: Process][]> {
    const entries = await opened().iterator<Buffer, string>(RANGE).all()
    return entries
      .filter(([at]) => key === undefined || !at.equals(key))
      .map(([at, text]) => [at, JSON.parse(text) as Process])
  }

  function lost(error: unknown): SnapstreamError | undefined {
    if (!backendCode(error, ['LEVEL_CONFLICT'])) return undefined
    return new SnapstreamError(
      'CACHE_LOCKED',
      `${name} was taken over by the stream of another process while this one fed it, and nothing of this batch was written; ` +
        'the other process handles its messages. Let one process at a time feed it, or give each a folder of its own',
      { cause: error },
    )
  }

  return {
    get key() {
      return key
    },
    async take() {
      const db = opened()
      if (!(db as { conditionalBatches?: boolean }).conditionalBatches) return
      const self = await processOf(process.pid)
      const before = await others()
      for (const [, owner] of before) {
        if (owner.started === undefined || (owner.pid === self.pid && owner.started === self.started)) continue
        if ((await processOf(owner.pid)).started === owner.started)
          throw new SnapstreamError(
            'CACHE_LOCKED',
            `${name} is exactly once and fed by another process, pid ${owner.pid}; stop it, or give this process a folder of its own`,
          )
      }
      try {
        const batch = db.batch()
        for (const [at] of before) batch.del(at, DEL)
        const own = Buffer.concat([Buffer.of(OWNER_TAG), Buffer.from(randomUUID())])
        await batch.put(own, JSON.stringify(self), PUT_TEXT).write({ sync: true } as object)
        key = own
        // Two streams may write their keys at the same moment: then one removes the key of the other.
        for (let late = await others(); late.length > 0; late = await others()) {
          const removal = db.batch()
          for (const [at] of late) removal.del(at, DEL)
          await removal.write({ sync: true, ifExists: own } as object)
        }
      } catch (error) {
        throw lost(error) ?? backendError(error, name, 'taking it for this process')
      }
    },
    async release() {
      const own = key
      key = undefined
      // A key that stays is no harm: its process has ended, or is this one.
      if (own !== undefined)
        await opened()
          .del(own, DEL)
          .catch(() => {})
    },
    lost,
  }
}

async function processOf(pid: number): Promise<Process> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ])
    // The second field is the name in brackets, which may hold anything; the start is the 22nd.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return { pid, started: `${boot.trim()} ${ticks}` }
  } catch {
    return { pid, started: undefined }
  }
}
