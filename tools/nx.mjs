import './lib/bootstrap.mjs'
import process from 'node:process'
import { tool } from './lib/tool.mjs'

// nx as it has to be run on a machine that has only Node: with the workspace's own pnpm on PATH.
const { code } = await tool('nx', process.argv.slice(2))
process.exitCode = code
