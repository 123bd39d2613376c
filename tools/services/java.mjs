import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { run } from '../lib/run.mjs'

/** The path of a program in one of these folders (default: those of PATH), or undefined. */
export function which(name, folders = (process.env.PATH ?? '').split(delimiter)) {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : ['']
  return folders
    .filter((folder) => folder !== '')
    .flatMap((folder) => endings.map((ending) => join(folder, name + ending)))
    .find((file) => isExecutable(file))
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The Java to run, from JAVA_HOME or PATH, if there is one that Kafka 4 runs on (17 or newer). */
export async function findJava() {
  const home = process.env.JAVA_HOME
  const java = (home && which('java', [join(home, 'bin')])) || which('java')
  if (!java) return undefined
  const { code, output } = await run(java, ['-version'], { capture: true })
  const major = Number(/version "(\d+)/.exec(output)?.[1] ?? 0)
  return code === 0 && major >= 17 ? java : undefined
}
