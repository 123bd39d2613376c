import type { Buffer as Bytes } from 'node:buffer'
import { Buffer } from 'node:buffer'
import { open, type FileHandle } from 'node:fs/promises'

/** The two meta pages at the start name the newest transaction and its trees. */
const META_PAGES = 2
const META_BYTES = 160
const META_FLAG = 0x08
const MAGIC = 0xbe_ef_c0_de
const VERSION = 2

/** Offsets in a page; numbers are little-endian. */
const FLAGS_AT = 18
/** The header is followed by the offsets of its nodes, two bytes each, relative to the end of the header. */
const PLACES_BYTES_AT = 20
const HEADER_BYTES = 24
const NODE_BYTES = 8
/** The node has, in place of the value, the number of its first overflow page, a transaction, and the number of pages. */
const BIG = 0x01

/** Offsets in a meta page. Its trees are that of free pages and that of the entries. */
const MAGIC_AT = 24
const VERSION_AT = 28
const TREES_AT = 48
const TREE_BYTES = 48
const LAST_PAGE_AT = 144
const TRANSACTION_AT = 152

/** The most changes during the check; a file that changes more often is in use, and its users would notice damage. */
const ATTEMPTS = 20

/** A tree of pages. */
interface Tree {
  readonly root: number
  /** The number of levels of pages. */
  readonly depth: number
  /** Whether some of its values are on overflow pages. */
  readonly hasBig: boolean
}

interface Meta {
  readonly pageBytes: number
  readonly transaction: bigint
  readonly lastPage: number
  readonly trees: readonly Tree[]
}

/** Describes the damage of a data.mdb, to follow its name; undefined if it is sound or does not exist. */
export async function damageOf(path: string, mayBeEmpty: boolean): Promise<string | undefined> {
  const file = await open(path).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return undefined
  try {
    const { size } = await file.stat()
    if (size === 0) return mayBeEmpty ? undefined : 'is empty'
    return await damageOfFile(file)
  } finally {
    await file.close()
  }
}

async function damageOfFile(file: FileHandle): Promise<string | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const meta = await readMeta(file)
    if (typeof meta === 'string') return meta
    const { size } = await file.stat()
    const found = Math.floor(size / meta.pageBytes)
    if (found > meta.lastPage) return undefined
    // LMDB does not write last pages that were allocated and freed in one transaction. No page refers to those.
    const lost = await firstLost(file, meta, found)
    if (lost === undefined) return undefined
    const now = await readMeta(file)
    if (typeof now !== 'string' && now.transaction !== meta.transaction) continue
    return `has ${size} bytes, and its page ${lost}, at ${lost * meta.pageBytes}, is in use`
  }
  return undefined
}

/** Reads the newest meta page, or describes why it cannot be read. */
async function readMeta(file: FileHandle): Promise<Meta | string> {
  const first = await readAt(file, 0, META_BYTES)
  if (first.length < META_BYTES || first.readUInt32LE(MAGIC_AT) !== MAGIC || !hasFlag(first, META_FLAG))
    return 'does not begin as LMDB files do'
  const version = first.readUInt16LE(VERSION_AT)
  if (version !== VERSION) return `is of version ${version} of the format, expected ${VERSION}`
  const pageBytes = first.readUInt32LE(TREES_AT)
  const second = await readAt(file, pageBytes, META_BYTES)
  if (second.length < META_BYTES) {
    const { size } = await file.stat()
    return `has ${size} bytes, and at least ${META_PAGES * pageBytes} are in use`
  }
  const newest = second.readBigUInt64LE(TRANSACTION_AT) > first.readBigUInt64LE(TRANSACTION_AT) ? second : first
  return {
    pageBytes,
    transaction: newest.readBigUInt64LE(TRANSACTION_AT),
    lastPage: Number(newest.readBigUInt64LE(LAST_PAGE_AT)),
    trees: [0, 1].flatMap((i) => {
      const tree = newest.subarray(TREES_AT + i * TREE_BYTES)
      const depth = tree.readUInt16LE(6)
      return depth === 0 ? [] : { depth, hasBig: tree.readBigUInt64LE(24) > 0n, root: Number(tree.readBigUInt64LE(40)) }
    }),
  }
}

/**
 * The first page that is in use and missing in a file of `found` whole pages. Reads only pages that refer to others:
 * branches, and leaves with overflow pages.
 */
async function firstLost(file: FileHandle, { pageBytes, trees }: Meta, found: number): Promise<number | undefined> {
  for (const { root, depth, hasBig } of trees) {
    const waiting = [{ number: root, level: 1 }]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { number, level } = next
      if (number >= found) return number
      if (level === depth && !hasBig) continue
      const page = await readAt(file, number * pageBytes, pageBytes)
      for (const node of nodesOf(page)) {
        if (level < depth) waiting.push({ number: node.readUIntLE(0, 6), level: level + 1 })
        else if ((node.readUInt16LE(4) & BIG) !== 0) {
          const value = node.subarray(NODE_BYTES + node.readUInt16LE(6))
          const last = Number(value.readBigUInt64LE(0)) + Number(value.readBigUInt64LE(16)) - 1
          if (last >= found) return last
        }
      }
    }
  }
  return undefined
}

function* nodesOf(page: Bytes): Generator<Bytes> {
  const content = page.subarray(HEADER_BYTES)
  const placesBytes = page.readUInt16LE(PLACES_BYTES_AT)
  for (let at = 0; at < placesBytes; at += 2) yield content.subarray(content.readUInt16LE(at))
}

const hasFlag = (page: Bytes, flag: number) => (page.readUInt16LE(FLAGS_AT) & flag) !== 0

async function readAt(file: FileHandle, at: number, bytes: number): Promise<Bytes> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, at)
  return buffer.subarray(0, bytesRead)
}
