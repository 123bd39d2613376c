#!/usr/bin/env node
import { homedir } from 'node:os'
import { format } from 'node:util'
import process from 'node:process'
import { forTerminal } from './for-terminal.ts'
import { runCommandLine } from './run-command-line.ts'

const interruption = new AbortController()
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    // The second one does not wait for what is in flight.
    // oxlint-disable-next-line unicorn/no-process-exit -- this is the program
    if (interrupted) process.exit(130)
    interrupted = true
    interruption.abort()
  })

// Warnings of libraries may have texts of brokers and variables in them.
for (const level of ['warn', 'error'] as const)
  console[level] = (...words) => void process.stderr.write(`${forTerminal(format(...words))}\n`)

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  home: homedir(),
  signal: interruption.signal,
})
// Standard input that was not read to its end would keep the process.
process.stdin.unref?.()
