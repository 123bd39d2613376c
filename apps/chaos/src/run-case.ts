import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin } from '@snapstream/kafka'
import type { Brokers } from './broker.ts'
import { clock } from './clock.ts'
import { followCommits } from './commits.ts'
import { startFeeder } from './feeder.ts'
import { gatherFigures } from './gather-figures.ts'
import { random } from './random.ts'
import type { Case } from './scenario.ts'
import { brokenPromises, promisesFor } from './verdict.ts'
import type { Result } from './verdict.ts'
import type { DriverName } from './worker-plan.ts'
import type { WorkerProcess } from './worker-process.ts'
import { createWorld } from './world.ts'

export interface RunOptions {
  readonly brokers: Brokers
  readonly driver: DriverName
  readonly seed: number
  readonly seconds: number
  readonly signal: AbortSignal
  log(line: string): void
}

const DRAIN_MS = 90_000

/** Runs one case with one driver, on topics of its own, and judges it. Rejects only when it is interrupted. */
export async function runCase(one: Case, options: RunOptions): Promise<Result> {
  const { driver, seed, seconds, signal } = options
  const { broker, proxy } = options.brokers
  const { partitions, rate } = one
  const id = `${one.name.replaceAll(' ', '-')}-${driver}-${seed}-${Math.round(clock())}`
  const [input, output, groupId] = [`in-${id}`, `out-${id}`, `group-${id}`]
  const log = (line: string) => options.log(`${one.name} ${driver}: ${line}`)
  const folder = await mkdtemp(join(tmpdir(), 'snapstream-chaos-'))

  await using admin = Admin({ brokers: broker.brokers })
  await admin.createTopic(input, { partitions })
  await admin.createTopic(output, { partitions })
  const feeder = await startFeeder({ brokers: broker.brokers, topic: input, partitions, rate })
  const commits = followCommits(broker.brokers, groupId, input)
  const plan = {
    brokers: `127.0.0.1:${proxy.port}`,
    driver,
    input,
    output,
    groupId,
    sessionTimeoutMs: 6000,
    heartbeatIntervalMs: 1000,
    handleMs: 0,
    ...one.worker,
  }
  const world = createWorld({
    broker,
    proxy,
    plan,
    partitions,
    folder,
    feeder,
    commits,
    seconds,
    signal,
    random: random(seed),
    log,
  })
  const problems: string[] = []
  try {
    log(`seed ${seed}, ${rate} records/s, ${partitions} partitions, ${seconds} s`)
    await attempt(problems, signal, () => one.run(world))
    const endedAt = clock()
    await attempt(problems, signal, () => feeder.stop())
    await attempt(problems, signal, () => world.drain(feeder.fed, DRAIN_MS))
    const rebalances = commits.generation
    await Promise.all(world.alive.map((worker) => worker.end('SIGTERM')))
    problems.push(...world.workers.flatMap(badExit))
    await attempt(problems, signal, () => world.until('all commits are seen', () => commits.total >= feeder.fed, 2000))
    const figures = await gatherFigures(world, { brokers: broker.brokers, input, output, endedAt, rebalances })
    const broken = brokenPromises(figures, promisesFor(one, seconds), problems)
    for (const problem of broken) log(`BROKEN: ${problem}`)
    if (broken.length > 0) log(`the logs of its workers are in ${folder}`)
    else await rm(folder, { recursive: true, force: true })
    return { case: one.name, driver, seed, seconds, rate, ...figures, broken }
  } finally {
    await feeder.stop().catch(() => {})
    for (const worker of world.workers) if (!worker.exit) await worker.end('SIGKILL')
    await commits.close()
  }
}

/** What fails does not keep the rest from being judged: it is one more problem. */
async function attempt(problems: string[], signal: AbortSignal, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    signal.throwIfAborted()
    problems.push(error instanceof Error ? error.message : String(error))
  }
}

/** A worker ends when it is told to, and well. */
function badExit({ name, exit }: WorkerProcess): readonly string[] {
  if (!exit || exit.asked === 'SIGKILL' || (exit.asked === 'SIGTERM' && exit.code === 0)) return []
  const how = exit.asked ? `ended with ${exit.code} after SIGTERM` : `ended by itself with ${exit.code}`
  return [`worker ${name} ${how}: ${exit.stderr.trim()}`]
}
