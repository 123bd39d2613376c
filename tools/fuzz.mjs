import './lib/bootstrap.mjs'
import process from 'node:process'
import { runApp } from './lib/run-app.mjs'

const { code } = await runApp('apps/fuzz/src/main.ts', process.argv.slice(2))
process.exitCode = code
