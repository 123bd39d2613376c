import './lib/bootstrap.mjs'
import process from 'node:process'
import { tool } from './lib/tool.mjs'

// Runs nx with the workspace's own pnpm on PATH, which a machine may not have.
const { code } = await tool('nx', process.argv.slice(2))
process.exitCode = code
