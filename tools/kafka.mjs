import './lib/node-version.mjs'
import process from 'node:process'
import { interruption } from './lib/interruption.mjs'
import { withLock } from './services/process/lock.mjs'
import {
  LOCAL_ADDRESS,
  LOCAL_LOCK,
  localKafka,
  localKafkaAnswers,
  startLocalKafka,
  stopLocalKafka,
} from './services/kafka/local-kafka.mjs'

const HELP = `npm run kafka               start a Kafka broker at ${LOCAL_ADDRESS}, in the background
npm run kafka -- status     print whether it runs
npm run kafka -- stop       stop it and remove its data
SNAPSTREAM_KAFKA_PORT sets another port. The broker runs with Docker Compose if Docker runs, else with Java 17 and Maven.`

const describe = ({ version, address, means, pid }) =>
  `Kafka ${version} runs at ${address} (${means === 'docker' ? 'Docker Compose' : `process ${pid}`})`

const commands = {
  async start() {
    const running = await localKafka()
    if (running) return say(`${describe(running)} already\nstop it with: npm run kafka -- stop`)
    if (await localKafkaAnswers()) return say(`a Kafka broker of another program runs at ${LOCAL_ADDRESS} already`)
    const started = await startLocalKafka({ log: console.error, signal: interruption() })
    say(`${describe(started)}\nstop it with: npm run kafka -- stop`)
  },
  async status() {
    const running = await localKafka()
    if (running) return say(describe(running))
    const other = await localKafkaAnswers()
    say(other ? `a Kafka broker of another program runs at ${LOCAL_ADDRESS}` : 'Kafka does not run')
    if (!other) process.exitCode = 3
  },
  async stop() {
    const stopped = await stopLocalKafka()
    if (stopped) return say(`Kafka at ${stopped.address} is stopped and its data removed`)
    const other = await localKafkaAnswers()
    say(other ? `a Kafka broker of another program runs at ${LOCAL_ADDRESS}; it was left alone` : 'Kafka did not run')
  },
  help: () => say(HELP),
}

function say(text) {
  console.log(text)
}

const [name = 'start', ...rest] = process.argv.slice(2)
const command = name === '--help' || name === '-h' ? commands.help : commands[name]
if (!command || rest.length > 0) {
  console.error(`unknown: ${[name, ...rest].join(' ')}\n${HELP}`)
  process.exit(2)
}
try {
  await (command === commands.help ? command() : withLock(LOCAL_LOCK, command))
} catch (error) {
  console.error(error.message)
  process.exitCode ??= 1
}
