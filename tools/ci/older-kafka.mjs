import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { projects, testFiles } from '../lib/projects.mjs'
import { at } from '../services/root.mjs'
import { needsOf } from '../lib/test-needs.mjs'

export const OLDER_KAFKA = '3.9.1'

/** The suites whose requests are others on an older version: those of all drivers, and of a broker with an authorizer. */
const SUITE = /\bdriverConformance\(|'authorizer\.class\.name'/

/** These suites on an older version of Kafka than all other tests. */
export async function onOlderKafka(npmTest) {
  const isSuite = (file) => needsOf(file).includes('kafka') && SUITE.test(readFileSync(at(file), 'utf8'))
  const drivers = projects()
    .map((project) => ({ ...project, suites: testFiles(project).filter(isSuite) }))
    .filter(({ suites }) => suites.length > 0)
  if (drivers.length === 0) return { ok: false, output: 'no driver is tested' }
  const names = drivers.map(({ short }) => short)
  const files = drivers.flatMap(({ folder, suites }) => suites.map((file) => relative(folder, at(file))))
  // KAFKA_BROKERS may be of another version.
  const env = { SNAPSTREAM_KAFKA_VERSION: OLDER_KAFKA, KAFKA_BROKERS: undefined }
  const { ok, passed } = await npmTest([...names, ...files], env)
  return { ok: ok && passed > 0, note: `${passed} tests of ${names.join(', ')}` }
}
