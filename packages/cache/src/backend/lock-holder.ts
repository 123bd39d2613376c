import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The pid of the process that holds LevelDB's lock on a folder; undefined on platforms other than Linux. It never opens the
 * file LOCK: closing that again would drop this process's own lock.
 */
export async function lockHolder(folder: string): Promise<number | undefined> {
  try {
    const { ino, dev } = await stat(join(folder, 'LOCK'), { bigint: true })
    return findHolder(await readFile('/proc/locks', 'utf8'), ino, dev)
  } catch {
    return undefined
  }
}

/** Finds the holder in the text of /proc/locks, whose lines end in `... pid major:minor:inode start end`. */
export function findHolder(locks: string, ino: bigint, dev: bigint): number | undefined {
  const held = locks
    .split('\n')
    .map((line) => /POSIX\s+\S+\s+WRITE\s+(-?\d+)\s+([0-9a-f]+):([0-9a-f]+):(\d+)\s/.exec(line))
    .filter((match) => match !== null)
    .filter((match) => BigInt(match[4]!) === ino && Number(match[1]) > 0)
  // Layered file systems show another device than stat does; then the inode alone has to be unique.
  const sameDevice = held.find((match) => deviceOf(match[2]!, match[3]!) === dev)
  const match = sameDevice ?? (held.length === 1 ? held[0] : undefined)
  return match && Number(match[1])
}

// As glibc's makedev combines them.
function deviceOf(majorHex: string, minorHex: string): bigint {
  const major = BigInt(`0x${majorHex}`)
  const minor = BigInt(`0x${minorHex}`)
  return (minor & 0xffn) | ((major & 0xfffn) << 8n) | ((minor & ~0xffn) << 12n) | ((major & ~0xfffn) << 32n)
}
