import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** The version that a program prints; undefined if it does not run on this machine. */
export async function versionOf(command: string, option: string): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, [option])
    return /\d+(\.\d+)+/.exec(stdout + stderr)?.[0]
  } catch {
    return undefined
  }
}
