import './lib/bootstrap.mjs'
import process from 'node:process'
import { runApp } from './lib/run-app.mjs'

const { code } = await runApp('apps/chaos/src/rivals/main.ts', process.argv.slice(2))
process.exitCode = code
