import './lib/bootstrap.mjs'
import process from 'node:process'
import { build } from './lib/tarballs.mjs'
import { tool } from './lib/tool.mjs'

const HELP = `npm run release -- version    raise the versions that the changesets ask for, and write the changelogs
npm run release -- publish    build, and publish every package whose version is not published yet`

const changeset = (...args) => tool('changeset', args, { packageName: '@changesets/cli' })

const commands = {
  async version() {
    const { code } = await changeset('version')
    if (code !== 0) return code
    return (await tool('pnpm', ['install', '--lockfile-only', '--no-frozen-lockfile'])).code
  },
  async publish() {
    const built = await build()
    if (built.code === 0) return (await changeset('publish')).code
    console.error(built.output)
    return built.code
  },
  async '--help'() {
    console.log(HELP)
    return 0
  },
}

const [name, ...rest] = process.argv.slice(2)
const command = rest.length === 0 ? commands[name] : undefined
if (command) process.exitCode = await command()
else {
  console.error(HELP)
  process.exitCode = 2
}
