import { readFileSync } from 'node:fs'

/** Identifies the present start of the machine; undefined where the platform does not tell. */
export const BOOT_ID = readBootId()

function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
}
