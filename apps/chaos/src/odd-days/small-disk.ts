import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  readonly folder: string
  resize(bytes: number): void
  remove(): void
}

/** Mounts a file system in memory with a limited size. Returns undefined if this process may not mount. */
export function smallDisk(bytes: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'snapstream-disk-'))
  const call = (command: string, ...args: string[]) => execFileSync(command, [...args, folder], { stdio: 'pipe' })
  try {
    call('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs')
  } catch {
    rmdirSync(folder)
    return undefined
  }
  return {
    folder,
    resize: (bytes) => void call('mount', '-o', `remount,size=${bytes}`),
    remove() {
      call('umount')
      rmdirSync(folder)
    },
  }
}
