import './lib/bootstrap.mjs'
import process from 'node:process'
import { runApp, runAppOnBuilt } from './lib/run-app.mjs'

const args = process.argv.slice(2)
const isHelp = args.includes('--help') || args.includes('-h')
// The help needs no build.
const { code } = await (isHelp ? runApp : runAppOnBuilt)('apps/bench/src/main.ts', args)
process.exitCode = code
