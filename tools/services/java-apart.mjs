import { createHash } from 'node:crypto'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { basename, delimiter, join } from 'node:path'
import { installedApart, must } from './installed-apart.mjs'
import { findJava } from './java.mjs'

/** What it takes and answers is described in java-apart.d.mts. */
export async function javaApart({ name, source, dependencies, flags }, log) {
  const java = await findJava()
  if (!java) throw new Error(`Java 17 or newer is not here; it is needed to run ${name}`)
  const main = basename(source, '.java')
  const pom = pomOf(dependencies)
  // Named after what it is made of: what was compiled from another source is not taken for this one.
  const made = createHash('sha256')
    .update(pom)
    .update(await readFile(source))
    .digest('hex')
    .slice(0, 8)
  const folder = await installedApart(`${name}-${made}`, log, async (folder) => {
    await writeFile(join(folder, 'pom.xml'), pom)
    const options = ['-DincludeScope=runtime', '-DoutputDirectory=libs']
    await must(folder, 'mvn', '-q', '-B', 'dependency:copy-dependencies', ...options)
    await copyFile(source, join(folder, `${main}.java`))
    await must(folder, 'javac', '-cp', join('libs', '*'), '-d', 'classes', `${main}.java`)
  })
  const classPath = [join(folder, 'classes'), join(folder, 'libs', '*')].join(delimiter)
  return [java, ...flags, '-cp', classPath, main]
}

function pomOf(dependencies) {
  const all = dependencies.map((dependency) => {
    const [group, artifact, version] = dependency.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>snapstream</groupId><artifactId>apart</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${all.join('\n    ')}
  </dependencies>
</project>
`
}
