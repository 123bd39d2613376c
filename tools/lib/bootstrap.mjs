// The first import of every command: it checks the version of Node and installs the dependencies.
import './node-version.mjs'
import { ensureInstalled } from './install.mjs'

await ensureInstalled()
