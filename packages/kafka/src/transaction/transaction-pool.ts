import { randomUUID } from 'node:crypto'
import { SnapstreamError } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import { sameSettings } from '../conf/resolve-settings.ts'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { connectTransactional } from './transactional-connection.ts'
import type { TransactionalConnection } from './transactional-connection.ts'

/** How long a connection stays open for the next transaction, in ms. */
const IDLE_MS = 1000

interface Pooled {
  readonly settings: ResolvedSettings
  readonly transactionalId: string
  readonly connection: TransactionalConnection
}

// Module state on purpose: calls of `transaction` do not know of each other, and use one connection after the other.
const idle = new Map<Pooled, () => void>()

/** A connection for one transaction. */
export interface TransactionLease {
  readonly connection: TransactionalConnection
  /** Keeps the connection for the next transaction, for a while. */
  keep(): void
  /** Closes the connection, as its state is not known. */
  close(): Promise<void>
}

/**
 * Takes a connection that no transaction uses, or opens one.
 *
 * @param transactionalId default: an id of its own for each connection
 */
export async function leaseTransactional(
  settings: ResolvedSettings,
  transactionalId: string | undefined,
  host: Host,
): Promise<TransactionLease> {
  const pooled = take(settings, transactionalId) ?? (await open(settings, transactionalId, host))
  return {
    connection: pooled.connection,
    keep() {
      const end = () => {
        idle.delete(pooled)
        void close(pooled)
      }
      idle.set(pooled, host.setTimeout(end, IDLE_MS))
    },
    close: () => close(pooled),
  }
}

function take(settings: ResolvedSettings, transactionalId: string | undefined): Pooled | undefined {
  for (const [pooled, cancel] of idle) {
    if (transactionalId !== undefined && transactionalId !== pooled.transactionalId) continue
    if (!sameSettings(pooled.settings, settings, 'producer')) continue
    idle.delete(pooled)
    cancel()
    return pooled
  }
  return undefined
}

async function open(settings: ResolvedSettings, given: string | undefined, host: Host): Promise<Pooled> {
  const transactionalId = given ?? `${settings.client.clientId}.${randomUUID()}`
  return { settings, transactionalId, connection: await connectTransactional(settings, transactionalId, host) }
}

async function close({ connection }: Pooled): Promise<void> {
  await connection.producer
    .close(new SnapstreamError('NOT_OPEN', 'the transaction ended before the record was acknowledged'))
    .catch(() => {})
}
