import { platformHost } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import { resolveSettings } from '../conf/resolve-settings.ts'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { withAdmin } from '../driver/with-admin.ts'
import { prepareTopics } from './prepare-topics.ts'
import { topicSender } from '../writing/topic-sender.ts'
import type { TopicSender } from '../writing/topic-sender.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

/** A topic while it is open. */
export interface OpenTopic {
  readonly settings: ResolvedSettings
  readonly sender: TopicSender
  /** The topics that were found at the broker; looked for at once, unless the topic is dry. */
  found(): Promise<readonly string[]>
  /** That of the run it was last opened for. */
  readonly host: Host
}

/** Opens when it is first asked to, and closes when every `open` had its `close`. */
export interface TopicLifecycle {
  /** Undefined until it is open. */
  readonly current: OpenTopic | undefined
  /** `host`: that of the run it is opened for. */
  open(host?: Host): Promise<OpenTopic>
  /** `gaveUp`: there is no more time to wait for what is not acknowledged. */
  close(gaveUp?: boolean): Promise<void>
}

/** Whose time counts: a topic may be open before it is known for which run. */
interface Clock {
  host: Host
}

/** From the first `open` to the last `close`. */
interface Session {
  readonly opening: Promise<OpenTopic>
  readonly clock: Clock
  opened: OpenTopic | undefined
  count: number
  /** Somebody had no time to wait for what was written, and it is still not acknowledged. */
  givenUp: boolean
}

export function topicLifecycle(spec: TopicSpec): TopicLifecycle {
  let session: Session | undefined
  let warned = false

  function warnDry() {
    if (!warned) console.warn(`snapstream: the topic ${JSON.stringify(spec.name)} is dry: nothing is sent to it`)
    warned = true
  }

  async function start(clock: Clock): Promise<OpenTopic> {
    const settings = resolveSettings(spec.conf)
    let pending: Promise<readonly string[]> | undefined
    const found = () => (pending ??= withAdmin(settings, (admin) => prepareTopics(admin, spec)))
    // A dry run leaves no trace, and needs nothing to write to.
    if (!spec.dry) await found()
    const sender = topicSender({ spec, settings, clock, warnDry })
    return {
      settings,
      sender,
      found,
      get host() {
        return clock.host
      },
    }
  }

  function begin(): Session {
    const clock: Clock = { host: platformHost() }
    return { opening: start(clock), clock, count: 0, opened: undefined, givenUp: false }
  }

  return {
    get current() {
      return session?.opened
    },
    async open(host) {
      const mine = (session ??= begin())
      if (host !== undefined) mine.clock.host = host
      mine.count++
      try {
        return (mine.opened = await mine.opening)
      } catch (error) {
        // All that waited for this attempt fail with it; whoever comes next tries anew.
        if (session === mine) session = undefined
        throw error
      }
    },
    async close(gaveUp = false) {
      const mine = session
      if (mine === undefined) return
      if (gaveUp) {
        mine.givenUp = true
        // Who closes after this one need not give up if it comes to an end after all.
        void mine.opened?.sender.drained().then(() => (mine.givenUp = false))
      }
      if (--mine.count > 0) return
      session = undefined
      const opened = await mine.opening.catch(() => undefined)
      if (!mine.givenUp) await opened?.sender.drained()
      await opened?.sender.close()
    },
  }
}
