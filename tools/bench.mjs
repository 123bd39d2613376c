import './lib/bootstrap.mjs'
import process from 'node:process'
import { runAppOnBuilt } from './lib/run-app.mjs'

const { code } = await runAppOnBuilt('apps/bench/src/main.ts', process.argv.slice(2))
process.exitCode = code
