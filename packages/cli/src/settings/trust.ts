import type { Stats } from 'node:fs'
import process from 'node:process'
import type { Io } from '../io.ts'

/** Bits of the mode of a file. */
const OTHERS_READ = 0o004
const OTHERS_WRITE = 0o002
const GROUP_WRITES = 0o020

type Status = Pick<Stats, 'uid' | 'mode'>

/**
 * Why a file or folder is not trusted: another user owns it. Undefined for the user's own files, and on Windows, where files
 * have no numeric owner. As with git, a command under `sudo` also trusts the user who called `sudo`.
 */
export function foreignTo(env: Io['env'], { uid }: Status): string | undefined {
  const user = process.geteuid?.()
  if (user === undefined || uid === user) return undefined
  if (user === 0 && env['SUDO_UID'] === String(uid)) return undefined
  return `it belongs to the user with the id ${uid}, and you are ${user}`
}

/** Why a file or folder is not used: everybody may write to it. Undefined if that is not so. */
export function writableByAll(status: Status): string | undefined {
  if (process.geteuid === undefined || (status.mode & OTHERS_WRITE) === 0) return undefined
  return `everybody may change it (mode ${modeOf(status)}): chmod o-w`
}

/** Why a file keeps no secret: other users may read or write it. Undefined if only its owner and group may read it. */
export function openToOthers(status: Status): string | undefined {
  const isOpen = (status.mode & (OTHERS_READ | OTHERS_WRITE | GROUP_WRITES)) !== 0
  if (process.geteuid === undefined || !isOpen) return undefined
  return `others may read or change it (mode ${modeOf(status)}): chmod 600`
}

function modeOf({ mode }: Status): string {
  return (mode & 0o777).toString(8).padStart(4, '0')
}
