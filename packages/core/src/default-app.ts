import { createApp } from './app.ts'
import type { App } from './app.ts'

/**
 * The app behind the top-level `snap` and `stream`; `app.on` and `app.health` observe it. SIGINT and SIGTERM end its stream
 * gracefully, and a second signal ends the process at once.
 */
export const app: App<{}> = createApp({ signals: true })

/**
 * Binds sources to a handler and its sinks, and returns the handler. Nothing runs before `stream`.
 *
 * A handler returns a value, nothing, a promise of these, or an iterator (a generator) of values. `undefined` emits
 * nothing. Throws `USAGE`.
 *
 * @example
 * snap([1, 2, 3], { sink: [console.log] })((n) => n * 2)
 */
export const snap: App<{}>['snap'] = app.snap

/**
 * Runs everything that was bound with `snap`; see `App.stream`.
 *
 * @example
 * await stream()
 */
export const stream: App<{}>['stream'] = app.stream
