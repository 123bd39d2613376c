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
    // A second signal does not wait for requests in flight.
    // oxlint-disable-next-line unicorn/no-process-exit -- this is the program
    if (interrupted) process.exit(130)
    interrupted = true
    interruption.abort()
  })

// Warnings of libraries may quote texts of brokers and variables, which may have control characters.
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
// Standard input that was not read to its end would keep the process running.
process.stdin.unref?.()
