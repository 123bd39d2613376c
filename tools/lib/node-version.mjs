// The first module to run. It uses only syntax that old versions of Node understand, so that they print the error.
import process from 'node:process'
import { at, readJson } from '../services/root.mjs'

const range = readJson(at('package.json')).engines.node
const [wantedMajor, wantedMinor] = range.replace('>=', '').split('.').map(Number)
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
  console.error(
    'Snapstream needs Node ' +
      range +
      ', and this is Node ' +
      process.versions.node +
      ': install a newer one (https://nodejs.org) and run the command again.',
  )
  process.exit(1)
}
