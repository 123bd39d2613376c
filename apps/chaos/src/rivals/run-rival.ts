import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Admin } from '@snapstream/kafka'
import { clock } from '../clock.ts'
import { followCommits } from '../commits.ts'
import { startFeeder } from '../feeder.ts'
import { judgeDelivery } from '../judge/delivery.ts'
import { judgeReaderStalls } from '../judge/reader-stalls.ts'
import { random } from '@snapstream/program'
import { startReader } from '../reader.ts'
import { readRecords } from '../read-records.ts'
import { placed } from './placed.ts'
import { outputStalls } from './output-stalls.ts'
import { readOutputs } from './read-outputs.ts'
import type { Rival } from './rival.ts'
import type { RivalFigures } from './rival-report.ts'
import { startRival } from './rival-process.ts'
import type { RivalProcess } from './rival-process.ts'

export interface RunRivalOptions {
  readonly brokers: string
  readonly seed: number
  /** Records a second. */
  readonly rate: number
  readonly kills: number
  /** Whether workers are static members, and a killed one comes back under its name. */
  readonly isStatic: boolean
  readonly signal: AbortSignal
  log(line: string): void
}

const PARTITIONS = 6
/** The names of the workers, if they are static members. */
const INSTANCES = ['one', 'two', 'three']
const WORKERS = INSTANCES.length
const EVERY_MS = 8000
const READY_MS = 180_000
const DRAIN_MS = 60_000
/** How long to wait for readers after the last kill: librdkafka's transactions time out after 60 s, and brokers look every 10 s. */
const READABLE_MS = 120_000

/** Runs the scenario random-kill with workers of another library, and judges its output alone. */
export async function runRival(rival: Rival, options: RunRivalOptions): Promise<RivalFigures> {
  const { brokers, seed, rate, isStatic, signal } = options
  const log = (line: string) => options.log(`${rival.name}: ${line}`)
  if (isStatic && rival.hasStatic === false) throw new Error('it has no static members')
  const chance = random(seed)
  const id = `${rival.name}-${seed}-${Math.round(clock())}`
  const [input, output, groupId] = [`in-${id}`, `out-${id}`, `group-${id}`]
  const command = await rival.command(log)
  const folder = await mkdtemp(join(tmpdir(), 'snapstream-rival-'))
  const plan = { brokers, input, output, groupId, sessionTimeoutMs: 6000, heartbeatIntervalMs: 1000, folder }

  await using admin = Admin({ brokers })
  await admin.createTopic(input, { partitions: PARTITIONS })
  // The time of the broker, because the libraries set timestamps differently.
  await admin.createTopic(output, { partitions: PARTITIONS, config: { 'message.timestamp.type': 'LogAppendTime' } })
  const feeder = await startFeeder({ brokers, topic: input, partitions: PARTITIONS, rate })
  const commits = followCommits(brokers, groupId, input)
  const reader = startReader(brokers, output)
  const workers: RivalProcess[] = []
  const start = () => {
    const taken = new Set(workers.map((worker) => worker.alive && worker.plan.groupInstanceId))
    const groupInstanceId = isStatic ? INSTANCES.find((one) => !taken.has(one)) : undefined
    const own = { ...plan, ...(groupInstanceId !== undefined && { groupInstanceId }) }
    workers.push(startRival(`w${workers.length + 1}`, command, own))
  }
  /** Resolves with whether the condition held in time. */
  const until = async (condition: () => boolean, withinMs: number): Promise<boolean> => {
    for (const end = clock() + withinMs; !condition() && clock() < end;) await sleep(50, undefined, { signal })
    return condition()
  }
  const mishaps: number[] = []
  try {
    for (let i = 0; i < WORKERS; i++) start()
    log(`seed ${seed}, ${rate} records/s, ${PARTITIONS} partitions, ${WORKERS} workers, ${options.kills} kills`)
    if (!(await until(() => commits.current.size === PARTITIONS, READY_MS)))
      throw new Error(`${rival.name} has not committed in each partition after ${READY_MS} ms: ${crashes(workers)}`)
    const readyAt = clock()
    for (let i = 0; i < options.kills; i++) {
      await sleep(EVERY_MS * (0.75 + chance() / 2), undefined, { signal })
      const alive = workers.filter((worker) => worker.alive)
      const victim = alive[Math.floor(chance() * alive.length)]
      mishaps.push(clock())
      const ending = victim?.end('SIGKILL')
      // Also replaces workers that ended by themselves.
      for (let missing = WORKERS - workers.filter((worker) => worker.alive).length; missing > 0; missing--) start()
      await ending
      log(`SIGKILL of ${victim?.name ?? 'no worker'}, ${feeder.sent - commits.total} not committed`)
    }
    await sleep(EVERY_MS, undefined, { signal })
    const killedAt = mishaps.at(-1) ?? readyAt
    if (!(await until(() => reader.hasAllSince(killedAt), READABLE_MS)))
      log(`readers get no records of some keys ${READABLE_MS / 1000} s after the last kill`)
    const endedAt = clock()
    await feeder.stop()
    const behind = feeder.fed - commits.total
    const drained = await until(() => commits.total >= feeder.fed, DRAIN_MS)
    if (!drained) log(`${feeder.fed - commits.total} not committed ${DRAIN_MS / 1000} s after the end of the load`)
    await Promise.all(workers.filter((worker) => worker.alive).map((worker) => worker.end('SIGTERM')))
    const inputs = await readRecords(brokers, input)
    const written = await readOutputs(brokers, output)
    const outputs = rival.says === 'place' ? written : written.map(placed(inputs))
    const { lost, ...delivery } = judgeDelivery(inputs, outputs, commits.current)
    for (const { crash } of workers) if (crash !== undefined) log(crash)
    return {
      rival: rival.name,
      seed,
      rate,
      kills: mishaps.length,
      ...delivery,
      // Records that were not committed in time may not be lost.
      lost: delivery.lostForGood,
      unread: lost.length - delivery.lostForGood,
      crashes: workers.filter(({ crash }) => crash !== undefined).length,
      behind,
      ...outputStalls(outputs, { to: endedAt, mishaps }),
      readerStallMs: judgeReaderStalls(reader.arrivals, { from: readyAt, to: endedAt }),
    }
  } finally {
    await feeder.stop().catch(() => {})
    await Promise.all(workers.filter((worker) => worker.alive).map((worker) => worker.end('SIGKILL')))
    await reader.close()
    await commits.close()
    await rm(folder, { recursive: true, force: true })
  }
}

const crashes = (workers: readonly RivalProcess[]) =>
  workers.flatMap(({ crash }) => (crash === undefined ? [] : [crash])).join('; ') || 'none of its workers ended'
