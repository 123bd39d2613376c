import type { Stats } from 'node:fs'
import process from 'node:process'
import type { Io } from '../io.ts'

/** Bits of a file's mode. */
const OTHERS_READ = 0o004
const OTHERS_WRITE = 0o002
const GROUP_WRITES = 0o020

type Status = Pick<Stats, 'uid' | 'mode'>

/**
 * Why a file or folder is not the user's own, and is not used unasked; undefined where it is, and where a system has no
 * owners (Windows). As with git, what `sudo` runs also trusts what belongs to the user who called it.
 */
export function foreignTo(env: Io['env'], { uid }: Status): string | undefined {
  const user = process.geteuid?.()
  if (user === undefined || uid === user) return undefined
  if (user === 0 && env['SUDO_UID'] === String(uid)) return undefined
  return `it belongs to the user with the id ${uid}, and you are ${user}`
}

/** Why nothing that everybody may change is used; undefined where only some may. */
export function writableByAll(status: Status): string | undefined {
  if (process.geteuid === undefined || (status.mode & OTHERS_WRITE) === 0) return undefined
  return `everybody may change it (mode ${modeOf(status)}): chmod o-w`
}

/** Why a secret is none; undefined where it may be. A group may read it, as where secrets are mounted. */
export function openToOthers(status: Status): string | undefined {
  const isOpen = (status.mode & (OTHERS_READ | OTHERS_WRITE | GROUP_WRITES)) !== 0
  if (process.geteuid === undefined || !isOpen) return undefined
  return `others may read or change it (mode ${modeOf(status)}): chmod 600`
}

function modeOf({ mode }: Status): string {
  return (mode & 0o777).toString(8).padStart(4, '0')
}
