import type { AnyBackend } from '@snapstream/cache/storage'
import { SnapstreamError, describe, type SyncCodec } from '@snapstream/core'

/** The options of the changelog topic of a store. */
export interface ChangelogTopicOptions {
  /**
   * The replication factor of the changelog topic, if it has to be created. A whole number above 0.
   *
   * @default the default of the broker
   */
  readonly replicationFactor?: number | undefined
}

/** The options of a store. */
export interface StoreOptions<V> {
  /**
   * The folder of the parts on disk, in which each consumer group has a folder of its own (LevelDB), or any abstract-level
   * database. Stores with the same folder and group share a database. One process at a time may use it.
   *
   * @default 'state'
   */
  readonly folder?: string | AnyBackend | undefined
  /**
   * Turns values into bytes and back. It has to be synchronous.
   *
   * @default JSON, which refuses values that it would change (undefined, functions, NaN, a Map, ...)
   */
  readonly codec?: SyncCodec<V> | undefined
  /**
   * Time to live: an entry expires so many milliseconds after its last write. A number above 0. An entry may have a `ttlMs`
   * of its own.
   *
   * @default Infinity
   */
  readonly ttlMs?: number | undefined
  /**
   * The most entries of a part. Each batch evicts the entries that were written longest ago. A number above 0.
   *
   * @default Infinity
   */
  readonly maxEntries?: number | undefined
  /**
   * The most bytes of keys and values of a part, before the backend compresses them. A number above 0.
   *
   * @default Infinity
   */
  readonly maxBytes?: number | undefined
  /**
   * Whether the writes also go to a compacted topic, `<group>-<name>-changelog`, from which a part is restored in the process
   * that its partition moves to. The topic is created if it is missing. False: the state stays behind when a partition moves.
   *
   * @default true
   */
  readonly changelog?: boolean | ChangelogTopicOptions | undefined
  /**
   * Whether the store, the outputs and the positions of the messages are committed in one transaction. It needs a changelog,
   * and all other sinks of the binding have to be exactly once, too.
   *
   * @default as the topic and its `Conf` say
   */
  readonly exactlyOnce?: boolean | undefined
  /**
   * The number of other processes that keep a copy of each part and follow its changelog. A whole number.
   *
   * @default 0
   */
  readonly standbys?: number | undefined
  /**
   * The address at which this process answers queries of others, such as `http://10.0.0.7:8080`. All processes of the group
   * learn it; `find` returns it.
   *
   * @default undefined: `find` cannot tell the others how to reach this process
   */
  readonly endpoint?: string | undefined
  /**
   * The retention of the changelog topic in milliseconds, for entries that are not needed after that time, if the topic has to
   * be created (`cleanup.policy=compact,delete`). A number above 0.
   *
   * @default undefined: the topic keeps the last value of each key (`cleanup.policy=compact`)
   */
  readonly retentionMs?: number | undefined
  /**
   * The time after which the files of a part that moved to another process are removed, in milliseconds. A number above 0.
   * Without a changelog they are kept, as nothing else has their entries.
   *
   * @default 600_000 (10 minutes)
   */
  readonly cleanupMs?: number | undefined
  /**
   * The time between two batches that survive a crash of the machine, in milliseconds. A crash of the process loses no batch;
   * after a crash of the machine so much of the changelog is read again. A number above 0.
   *
   * @default 10_000
   */
  readonly syncMs?: number | undefined
  /**
   * The memory for writes between two checkpoints, in bytes, with about 200 for each entry. A number above 0. With half of it in
   * use, a store asks for a checkpoint; with all of it, messages wait for that. The entries that were written last stay in
   * memory as well, up to half as much.
   *
   * @default 33_554_432 (32 MiB)
   */
  readonly bufferBytes?: number | undefined
}

/** The options of a store, with their defaults. */
export interface ResolvedOptions<V> {
  readonly folder: string | AnyBackend
  readonly codec: SyncCodec<V> | undefined
  readonly ttlMs: number
  readonly maxEntries: number
  readonly maxBytes: number
  readonly changelog: boolean
  readonly replicationFactor: number | undefined
  readonly exactlyOnce: boolean | undefined
  readonly standbys: number
  readonly endpoint: string | undefined
  readonly retentionMs: number | undefined
  readonly cleanupMs: number
  readonly syncMs: number
  readonly bufferBytes: number
}

const ABOVE_0 = {
  ttlMs: 'milliseconds',
  maxEntries: 'entries',
  maxBytes: 'bytes',
  retentionMs: 'milliseconds',
  cleanupMs: 'milliseconds',
  syncMs: 'milliseconds',
  bufferBytes: 'bytes',
} as const

const NAMES = ['folder', 'codec', 'changelog', 'exactlyOnce', 'standbys', 'endpoint', ...Object.keys(ABOVE_0)]

/** Adds the defaults. Throws `USAGE` for an unknown option and for an invalid value. `title`: the store, for error messages. */
export function resolveOptions<V>(options: StoreOptions<V>, title: string): ResolvedOptions<V> {
  const refuse = (expected: string, came: unknown): never => {
    throw new SnapstreamError('USAGE', `${title}: ${expected}, got ${describe(came)}`)
  }
  if (typeof options !== 'object' || options === null) refuse('the options are an object', options)
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name))
  if (unknown !== undefined) refuse(`the options are ${NAMES.join(', ')}`, unknown)
  for (const [name, unit] of Object.entries(ABOVE_0)) {
    const value = options[name as keyof typeof ABOVE_0]
    if (value !== undefined && !(typeof value === 'number' && value > 0))
      refuse(`${name} is a number of ${unit} above 0`, value)
  }
  const { folder = 'state', codec, changelog = true, exactlyOnce, standbys = 0, endpoint } = options
  if (typeof folder === 'string' ? folder === '' : typeof folder !== 'object' || folder === null)
    refuse('folder is a folder or an abstract-level database', folder)
  if (codec !== undefined && (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function'))
    refuse('codec has encode and decode', codec)
  if (typeof changelog !== 'boolean' && (typeof changelog !== 'object' || changelog === null))
    refuse('changelog is true, false or { replicationFactor }', changelog)
  const { replicationFactor } = changelog as ChangelogTopicOptions
  if (replicationFactor !== undefined && !(Number.isInteger(replicationFactor) && replicationFactor > 0))
    refuse('replicationFactor is a whole number above 0', replicationFactor)
  if (exactlyOnce !== undefined && typeof exactlyOnce !== 'boolean') refuse('exactlyOnce is true or false', exactlyOnce)
  if (exactlyOnce === true && changelog === false)
    refuse('exactlyOnce needs the changelog, which is part of the transaction; leave out `changelog`', changelog)
  if (!(Number.isInteger(standbys) && standbys >= 0)) refuse('standbys is a whole number', standbys)
  if (standbys > 0 && changelog === false) refuse('standbys follow the changelog; leave out `changelog`', changelog)
  if (endpoint !== undefined && typeof endpoint !== 'string') refuse('endpoint is an address', endpoint)
  return {
    folder,
    codec,
    ttlMs: options.ttlMs ?? Infinity,
    maxEntries: options.maxEntries ?? Infinity,
    maxBytes: options.maxBytes ?? Infinity,
    changelog: changelog !== false,
    replicationFactor,
    exactlyOnce,
    standbys,
    endpoint,
    retentionMs: options.retentionMs,
    cleanupMs: options.cleanupMs ?? 600_000,
    syncMs: options.syncMs ?? 10_000,
    bufferBytes: options.bufferBytes ?? 32 * 1024 * 1024,
  }
}
