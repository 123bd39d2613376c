import { existsSync, renameSync } from 'node:fs'

/** Gives a folder its name in one step, unless another process was first, with the same content. */
export function adopt(from, to) {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!existsSync(to)) throw error
  }
}
