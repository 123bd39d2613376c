import { createInterface } from 'node:readline'
import { resolve } from 'node:path'
import type { ResetItem } from '@snapstream/core'
import { Admin } from '@snapstream/kafka'
import { changelogStore, changelogTopic, resetFolder } from '@snapstream/state/inspect'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { createPrinter } from '../output/printer.ts'
import { createTable } from '../output/table.ts'
import { applySettings } from '../settings/settings.ts'
import type { ConnectionFlags } from '../settings/settings.ts'
import { DEFAULT_FOLDER } from '../store/state-folders.ts'
import { usage } from '../usage.ts'

export interface ResetFlags extends ConnectionFlags {
  readonly group: string
  readonly store?: readonly string[]
  readonly folder?: string
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/** `snapstream reset --group ID` */
export async function resetCommand(flags: ResetFlags, io: Io): Promise<ExitCode> {
  const { group, dryRun = false, yes = false, json = false } = flags
  if (json && !yes && !dryRun) throw usage('reset --json asks no question; add --yes, or --dry-run')
  await applySettings(flags, io)
  await using admin = Admin()
  const plan = await reset(admin, flags, io, true)
  if (plan.length === 0) {
    io.stderr.write(`snapstream: the group ${JSON.stringify(group)} has nothing to reset\n`)
    return EXIT.ok
  }
  if (dryRun || !json) await show(plan, json, io)
  if (dryRun) return EXIT.ok
  if (!yes && !(await confirmed(io))) {
    io.stderr.write('snapstream: nothing was reset\n')
    return io.signal.aborted ? EXIT.interrupted : EXIT.failure
  }
  await reset(admin, flags, io, false)
  if (json) await show(plan, true, io)
  else io.stderr.write(`snapstream: the group ${JSON.stringify(group)} was reset\n`)
  return EXIT.ok
}

/** Offsets come first: the brokers refuse them while the group has members. */
async function reset(
  admin: Admin,
  { group, store, folder = DEFAULT_FOLDER }: ResetFlags,
  io: Pick<Io, 'cwd'>,
  dryRun: boolean,
): Promise<readonly ResetItem[]> {
  const topics = await admin.listTopics()
  const committed = new Set((await admin.offsets(group)).map(({ topic }) => topic))
  const read = topics.filter((topic) => committed.has(topic))
  const rows = await admin.resetOffsets(group, read, 'earliest', { dryRun })
  const offsets = read.flatMap((topic): ResetItem[] => {
    const changed = rows.filter((row) => row.topic === topic && row.changed && row.before !== undefined)
    const records = changed.reduce((sum, { before = 0, after }) => sum + Math.abs(before - after), 0)
    const effect = `back to the first record (${records} records in ${changed.length} partitions)`
    return changed.length === 0 ? [] : [{ kind: 'offsets', name: topic, effect }]
  })
  // A folder that is in use stands in the way before anything is deleted.
  const parts = await resetFolder({ folder: resolve(io.cwd, folder), group, stores: store, dryRun })
  const changelogs = await changelogsOf(admin, topics, group, store)
  if (!dryRun) for (const topic of changelogs) await admin.deleteTopic(topic)
  return [
    ...offsets,
    ...changelogs.map((name): ResetItem => ({ kind: 'changelog', name, effect: 'the topic is deleted' })),
    ...parts,
  ]
}

/** The changelogs of a group. Throws `USAGE` for one that may be that of another group, unless its store is named. */
async function changelogsOf(
  admin: Admin,
  topics: readonly string[],
  group: string,
  stores: readonly string[] | undefined,
): Promise<readonly string[]> {
  if (stores !== undefined) {
    const wanted = new Set(stores.map((store) => changelogTopic(group, store)))
    return topics.filter((topic) => wanted.has(topic))
  }
  const found = topics.filter((topic) => changelogStore(topic, group) !== undefined)
  const others = (await admin.listGroups()).map(({ groupId }) => groupId).filter((other) => other !== group)
  for (const topic of found) {
    const other = others.find((other) => changelogStore(topic, other) !== undefined)
    if (other !== undefined)
      throw usage(
        `the topic ${JSON.stringify(topic)} may be a changelog of the group ${JSON.stringify(group)} or of ` +
          `${JSON.stringify(other)}; name the stores to reset: --store <name>`,
      )
  }
  return found
}

async function show(items: readonly ResetItem[], json: boolean, io: Io): Promise<void> {
  const printer = createPrinter(io, json)
  const table = createTable(['KIND', 'NAME', 'EFFECT'], printer)
  for (const { kind, name, effect } of items)
    void (json ? printer.write(`${JSON.stringify({ kind, name, effect })}\n`) : table.row(kind, name, effect))
  table.end()
  await printer.end()
}

/** Asks on the terminal. Throws `USAGE` where nobody can answer. */
async function confirmed(io: Io): Promise<boolean> {
  if ((io.stdin as { readonly isTTY?: boolean }).isTTY !== true)
    throw usage('reset asks before it removes anything, and standard input is no terminal; add --yes, or --dry-run')
  io.stderr.write('Go on? [y/N] ')
  const lines = createInterface({ input: io.stdin, signal: io.signal })
  for await (const line of lines) return /^y(es)?$/i.test(line.trim())
  return false
}
