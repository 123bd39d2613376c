import type { Buffer as Bytes } from 'node:buffer'
import { Buffer } from 'node:buffer'
import { open, type FileHandle } from 'node:fs/promises'

/** The two pages at the start say which state is the newest, and where the others are. */
const META_PAGES = 2
const META_BYTES = 160
const META_FLAG = 0x08
const MAGIC = 0xbe_ef_c0_de
const VERSION = 2

/** Where things are in a page; numbers are little-endian. */
const FLAGS_AT = 18
/** After the header come the places of its nodes, of two bytes each, from the end of the header on. */
const PLACES_BYTES_AT = 20
const HEADER_BYTES = 24
const NODE_BYTES = 8
/** The value is not in the node, but on pages of its own: their number, a transaction, and how many there are. */
const BIG = 0x01

/** And in one of the first two: the trees are that of free pages and that of the entries. */
const MAGIC_AT = 24
const VERSION_AT = 28
const TREES_AT = 48
const TREE_BYTES = 48
const LAST_PAGE_AT = 144
const TRANSACTION_AT = 152

/** How often the file may change while it is looked at; then it is in use, and others would have noticed. */
const ATTEMPTS = 20

/** A tree of pages. */
interface Tree {
  readonly root: number
  /** How many levels of pages it has. */
  readonly depth: number
  /** Whether some of its values are on pages of their own. */
  readonly hasBig: boolean
}

interface Meta {
  readonly pageBytes: number
  readonly transaction: bigint
  readonly lastPage: number
  readonly trees: readonly Tree[]
}

/** What is wrong with a data.mdb, in words that follow its name; undefined if it is sound, or not there. */
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
    // LMDB does not write the last pages where they were made and freed in one transaction. Nothing points at those.
    const lost = await firstLost(file, meta, found)
    if (lost === undefined) return undefined
    const now = await readMeta(file)
    if (typeof now !== 'string' && now.transaction !== meta.transaction) continue
    return `has ${size} bytes, and its page ${lost}, at ${lost * meta.pageBytes}, is in use`
  }
  return undefined
}

/** The newest one. */
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
 * A page that is in use and not in the file, which has `found` whole ones. Reads what points at others: branches, and leaves
 * only where they have values on pages of their own.
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
