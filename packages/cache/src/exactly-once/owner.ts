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

/** A process, as far as it can be told from others that had its pid before. */
interface Process {
  readonly pid: number
  /** When it started, in the kernel's ticks, and since which start of the machine; undefined where that is not told. */
  readonly started: string | undefined
}

/**
 * Which stream may write to a database that is exactly once, where the backend lets several processes in. The last one that
 * took it: each batch of a stream is written only while the key of its owner is there, which the backend looks at in the
 * transaction of the batch.
 */
export interface Owner {
  /** What has to be there when a batch is written; undefined where no other process can be in. */
  readonly key: Buffer | undefined
  /** Throws `CACHE_LOCKED` while another process that has it is alive. */
  take(): Promise<void>
  release(): Promise<void>
  /** What became of a batch that was not written for want of the key. */
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
        'what it held is handled there. Let one process at a time feed it, or give each a folder of its own',
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
        // Of two that come in the same moment, one takes the key of the other.
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
      // Whoever finds it later sees that its process is gone, or that it is of the same one.
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
