import { join } from 'node:path'
import process from 'node:process'
import { run } from './process/run.mjs'
import { which } from './process/which.mjs'

/** The Java to run, from JAVA_HOME or PATH: 17 or newer, as Kafka 4 needs it. Undefined without one. */
export async function findJava() {
  const home = process.env.JAVA_HOME
  const java = (home && which('java', [join(home, 'bin')])) || which('java')
  if (!java) return undefined
  const { code, output } = await run(java, ['-version'], { capture: true })
  const major = Number(/version "(\d+)/.exec(output)?.[1] ?? 0)
  return code === 0 && major >= 17 ? java : undefined
}

/** The same, but only a JDK, which has the compiler. */
export async function findJdk() {
  const java = await findJava()
  if (!java) return undefined
  const { output } = await run(java, ['--list-modules'], { capture: true })
  return /^jdk\.compiler\b/m.test(output) ? java : undefined
}
