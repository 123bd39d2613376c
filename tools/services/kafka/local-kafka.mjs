import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { at, readJson } from '../root.mjs'
import { composeDown, composeIsUp, composeUp, hasCompose } from './compose.mjs'
import { isFree } from '../process/free-port.mjs'
import { findJava } from '../java.mjs'
import { which } from '../process/which.mjs'
import { kafkaAnswers } from './kafka-answers.mjs'
import { KAFKA_VERSION, startKafka } from './kafka-broker.mjs'
import { cachedKafkaJars } from './kafka-jars.mjs'
import { isProcessOf, stopProcess } from '../process/process.mjs'

const LOCAL_PORT = Number(process.env.SNAPSTREAM_KAFKA_PORT || 29_091)
export const LOCAL_ADDRESS = `localhost:${LOCAL_PORT}`
const CONTROLLER_PORT = LOCAL_PORT + 2
const PROJECT = `snapstream-${LOCAL_PORT}`
const FOLDER = at('.cache', 'kafka', String(LOCAL_PORT))
const BROKER_FOLDER = join(FOLDER, 'broker')
/** The lock for starting and stopping the broker. */
export const LOCAL_LOCK = join(FOLDER, 'lock')
const STATE = join(FOLDER, 'state.json')

/** How this machine can run a broker: `means` is `'docker'` or `'java'`, or else `missing` says what it lacks. */
export async function kafkaMeans() {
  if (await hasCompose()) return { means: 'docker' }
  const missing = []
  if (!(await findJava())) missing.push('Java 17 or newer')
  if (!cachedKafkaJars(KAFKA_VERSION) && !which('mvn')) missing.push('Maven')
  if (missing.length === 0) return { means: 'java' }
  return {
    missing: `no Docker engine answers, and ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not here`,
  }
}

/** The broker of `npm run kafka`, or undefined if it does not run. */
export async function localKafka() {
  if (!existsSync(STATE)) return undefined
  const state = readJson(STATE)
  const alive = state.means === 'docker' ? await composeIsUp(PROJECT) : await isProcessOf(state.pid, BROKER_FOLDER)
  return alive ? state : undefined
}

/** Starts a broker at localhost:29091 that outlives this process. */
export async function startLocalKafka({ log, signal }) {
  const { means, missing } = await kafkaMeans()
  if (!means)
    throw new Error(
      `cannot start Kafka: ${missing}.\nInstall Docker, or Java 17 and Maven (Debian: apt-get install default-jre-headless maven).`,
    )
  for (const port of [LOCAL_PORT, CONTROLLER_PORT])
    if (!(await isFree(port))) throw new Error(`cannot start Kafka: port ${port} is in use by another program`)

  rmSync(BROKER_FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  log(`starting Kafka ${KAFKA_VERSION} with ${means === 'docker' ? 'Docker' : 'Java'}`)
  const state = { means, version: KAFKA_VERSION, address: LOCAL_ADDRESS }
  if (means === 'docker') {
    await composeUp(PROJECT, LOCAL_PORT, KAFKA_VERSION)
  } else {
    const ports = { port: LOCAL_PORT, controllerPort: CONTROLLER_PORT }
    const broker = await startKafka({ ...ports, folder: BROKER_FOLDER, detached: true, log, signal })
    state.pid = broker.pid
  }
  writeFileSync(STATE, JSON.stringify(state, undefined, 2))
  return state
}

/** Stops the broker of `npm run kafka` and removes its data. Returns it, or undefined if it did not run. */
export async function stopLocalKafka() {
  const state = await localKafka()
  if (state?.means === 'docker') await composeDown(PROJECT)
  else if (state) await stopProcess(state.pid)
  rmSync(BROKER_FOLDER, { recursive: true, force: true })
  rmSync(STATE, { force: true })
  return state
}

/** Whether any broker serves requests at that address, also one of another program. */
export const localKafkaAnswers = () => kafkaAnswers(LOCAL_ADDRESS)
