import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, delimiter, join } from 'node:path'
import { findJdk } from '../java.mjs'
import { mustRun } from '../process/run.mjs'
import { installOnce } from './install-once.mjs'

/**
 * The command that runs a Java program of one source file. Its libraries are those in the folder `libs`, or `dependencies`
 * from Maven. The first call downloads and compiles, so that a later start does not wait for either.
 */
export async function javaProgram({ name, source, libs, dependencies = [], flags }, log = console.error) {
  const java = await findJdk()
  if (!java) throw new Error(`${name} needs a JDK of version 17 or newer, which is not installed`)
  const main = basename(source, '.java')
  const pom = pomOf(dependencies)
  // The hash is in the name: a change of the source or of the libraries is another installation.
  const hash = createHash('sha256')
    .update(libs ?? pom)
    .update(await readFile(source))
    .digest('hex')
    .slice(0, 8)
  const folder = await installOnce(`${name}-${hash}`, log, async (target) => {
    if (libs === undefined) await download(pom, target)
    await mustRun('javac', ['-cp', join(libs ?? join(target, 'libs'), '*'), '-d', target, source])
  })
  const classPath = [folder, join(libs ?? join(folder, 'libs'), '*')].join(delimiter)
  return [java, ...flags, '-cp', classPath, main]
}

async function download(pom, folder) {
  await writeFile(join(folder, 'pom.xml'), pom)
  const options = ['-DincludeScope=runtime', '-DoutputDirectory=libs']
  await mustRun('mvn', ['-q', '-B', 'dependency:copy-dependencies', ...options], { cwd: folder })
}

function pomOf(dependencies) {
  const all = dependencies.map((dependency) => {
    const [group, artifact, version] = dependency.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>snapstream</groupId><artifactId>program</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${all.join('\n    ')}
  </dependencies>
</project>
`
}
