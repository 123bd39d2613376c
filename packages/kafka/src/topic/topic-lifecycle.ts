import { platformHost } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import { resolveSettings } from '../conf/resolve-settings.ts'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { withAdmin } from '../driver/with-admin.ts'
import { findTopics } from '../options/find-topics.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { pooledProducer, topicSender } from '../writing/topic-sender.ts'
import type { TopicSender } from '../writing/topic-sender.ts'

/** A topic while it is open. */
export interface OpenTopic {
  readonly settings: ResolvedSettings
  readonly sender: TopicSender
  /** The names of the topics that exist. Looked up when the topic opens, or at the first call if it is dry. */
  found(): Promise<readonly string[]>
  /** The host of the last run that opened the topic. */
  readonly host: Host
}

/** Opens a topic at the first `open`, and closes it when each `open` has had its `close`. */
export interface TopicLifecycle {
  /** Undefined until the topic is open. */
  readonly current: OpenTopic | undefined
  /** Opens the topic. @param host of the run that opens it; default: the host is not changed */
  open(host?: Host): Promise<OpenTopic>
  /** Closes the topic. @param gaveUp true: no time is left to wait for acknowledgements; default false */
  close(gaveUp?: boolean): Promise<void>
}

/** Holds the host: a topic may be open before a run is known. */
interface Clock {
  host: Host
}

/** From the first `open` to the last `close`. */
interface Opening {
  readonly opening: Promise<OpenTopic>
  readonly clock: Clock
  opened: OpenTopic | undefined
  /** The number of `open` calls without their `close`. */
  count: number
  /** Whether a `close` had no time to wait and records are still not acknowledged. */
  givenUp: boolean
}

/** Makes the lifecycle of a topic, which begins closed. */
export function topicLifecycle(spec: TopicSpec): TopicLifecycle {
  let current: Opening | undefined
  let warned = false

  function warnDry() {
    if (!warned) console.warn(`snapstream: the topic ${JSON.stringify(spec.name)} is dry: nothing is sent to it`)
    warned = true
  }

  async function start(clock: Clock): Promise<OpenTopic> {
    const settings = resolveSettings(spec.conf)
    let pending: Promise<readonly string[]> | undefined
    const found = () => (pending ??= withAdmin(settings, (admin) => findTopics(admin, spec)))
    // A dry topic creates nothing, and need not exist to be written to.
    if (!spec.dry) await found()
    const sender = topicSender({ spec, settings, lease: pooledProducer(settings, clock), warnDry })
    return {
      settings,
      sender,
      found,
      get host() {
        return clock.host
      },
    }
  }

  function begin(): Opening {
    const clock: Clock = { host: platformHost() }
    return { opening: start(clock), clock, count: 0, opened: undefined, givenUp: false }
  }

  return {
    get current() {
      return current?.opened
    },
    async open(host) {
      const mine = (current ??= begin())
      if (host !== undefined) mine.clock.host = host
      mine.count++
      try {
        return (mine.opened = await mine.opening)
      } catch (error) {
        // All callers that waited for this attempt fail with it; the next call tries again.
        if (current === mine) current = undefined
        throw error
      }
    },
    async close(gaveUp = false) {
      const mine = current
      if (mine === undefined) return
      if (gaveUp) {
        mine.givenUp = true
        // If everything is acknowledged after all, a later `close` need not give up.
        void mine.opened?.sender.drained().then(() => (mine.givenUp = false))
      }
      if (--mine.count > 0) return
      current = undefined
      const opened = await mine.opening.catch(() => undefined)
      if (!mine.givenUp) await opened?.sender.drained()
      await opened?.sender.close()
    },
  }
}
