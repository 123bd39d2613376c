import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** What a program says of its version; undefined if it does not run here. */
export async function versionOf(command: string, option: string): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, [option])
    return /\d+(\.\d+)+/.exec(stdout + stderr)?.[0]
  } catch {
    return undefined
  }
}
