import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin } from '@snapstream/kafka'
import { clock } from './clock.ts'
import { followCommits } from './commits.ts'
import { startFeeder } from './feeder.ts'
import { gatherFigures } from './gather-figures.ts'
import { lettersOf, secondOf } from './outputs.ts'
import { startReader } from './reader.ts'
import { random } from '@snapstream/program'
import type { RunOptions } from './run-options.ts'
import type { Day } from './scenario.ts'
import { brokenPromises, promisesFor } from './verdict.ts'
import type { Result } from './verdict.ts'
import type { WorkerProcess } from './worker-process.ts'
import { createWorld } from './world.ts'

const DRAIN_MS = 90_000

/** Feeds the load, runs the scenario, and judges the topics and logs afterwards. */
export async function runDay(one: Day, options: RunOptions): Promise<Result> {
  const { brokers, driver, seed, seconds, signal } = options
  const { addresses } = brokers
  const { partitions, rate } = one
  const id = `${one.name.replaceAll(' ', '-')}-${driver}-${seed}-${Math.round(clock())}`
  const [input, output, groupId] = [`in-${id}`, `out-${id}`, `group-${id}`]
  const log = (line: string) => options.log(`${one.name} ${driver}: ${line}`)
  const folder = await mkdtemp(join(tmpdir(), 'snapstream-chaos-'))

  await using admin = Admin({ brokers: addresses })
  const several = one.worker.several ?? false
  const outputs = several ? [output, secondOf(output), lettersOf(output)] : [output]
  for (const topic of [input, ...outputs]) await admin.createTopic(topic, { partitions })
  const feeder = await startFeeder({
    brokers: addresses,
    topic: input,
    partitions,
    rate,
    ...(one.keys && { keys: one.keys }),
  })
  const commits = followCommits(addresses, groupId, input)
  const reader = one.worker.exactlyOnce ? startReader(addresses, output) : undefined
  const plan = {
    brokers: brokers.forWorkers,
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
    brokers,
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
    const { rebalances } = world
    await Promise.all(world.alive.map((worker) => worker.end('SIGTERM')))
    problems.push(...world.workers.flatMap(badExit))
    await attempt(problems, signal, () => world.until('all commits are seen', () => commits.total >= feeder.fed, 2000))
    const { problems: found, ...figures } = await gatherFigures(world, {
      brokers: addresses,
      input,
      output,
      reader,
      several,
      store: one.worker.store && { folder, groupId, partitions, exactlyOnce: one.worker.exactlyOnce ?? false },
      mayLose: one.promises.mayLose ?? false,
      endedAt,
      rebalances,
    })
    const broken = brokenPromises(figures, promisesFor(one, seconds), [...problems, ...found])
    for (const problem of broken) log(`BROKEN: ${problem}`)
    if (broken.length > 0) log(`the logs of its workers are in ${folder}`)
    else await rm(folder, { recursive: true, force: true })
    return { case: one.name, driver, seed, seconds, rate, ...figures, broken }
  } finally {
    await feeder.stop().catch(() => {})
    for (const worker of world.workers) if (!worker.exit) await worker.end('SIGKILL')
    await reader?.close()
    await commits.close()
  }
}

/** Records a failure as a problem, so that the rest of the run is still judged. */
async function attempt(problems: string[], signal: AbortSignal, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    signal.throwIfAborted()
    problems.push(error instanceof Error ? error.message : String(error))
  }
}

/**
 * A worker has to end after SIGTERM, with exit code 0. A worker that had not handled anything yet may die of the signal,
 * because its handler for signals may not be installed.
 */
function badExit({ name, plan, exit }: WorkerProcess): readonly string[] {
  if (!exit || exit.asked === 'SIGKILL' || (exit.asked === 'SIGTERM' && exit.code === 0)) return []
  const begun = (statSync(plan.log, { throwIfNoEntry: false })?.size ?? 0) > 0
  if (exit.asked && exit.signal === 'SIGTERM' && !begun) return []
  const how = `ended ${exit.asked ? 'after SIGTERM' : 'by itself'} with ${exit.code ?? exit.signal}`
  return [`worker ${name} ${how}: ${exit.stderr.trim()}`]
}
