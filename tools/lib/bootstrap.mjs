// Every command starts with this import: after it, Node is new enough and the dependencies are installed.
import './node-version.mjs'
import { ensureInstalled } from './install.mjs'

await ensureInstalled()
