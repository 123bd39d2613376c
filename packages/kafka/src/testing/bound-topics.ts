import { SnapstreamError } from '@snapstream/core'
import type { App, Host, SinkTarget, SinkWriter } from '@snapstream/core'
import { boundTo } from '@snapstream/core/testing'
import { specOf } from '../options/topic-spec.ts'

type TestedApp = Pick<App<{}>, 'bindings'> | undefined

/** Throws `USAGE` for a topic with a driver of its own: it would reach another broker than the test's. */
export function refuseDrivers(app: TestedApp): void {
  for (const topic of boundTo(app)) {
    const spec = specOf(topic)
    if (spec?.conf.driver !== undefined)
      throw new SnapstreamError(
        'USAGE',
        `Topic(${spec.name}) has a driver in its conf, which a test cannot replace; set it with Conf({ driver })`,
        { topic: spec.name },
      )
  }
}

/**
 * Opens, on the clock of the test, the topics that only handlers use: the engine would open them without a clock. Returns a
 * function that releases them.
 */
export async function holdTopics(app: TestedApp, host: Host): Promise<() => Promise<void>> {
  const { signal } = new AbortController()
  const held: SinkWriter<unknown>[] = []
  for (const topic of boundTo(app, 'use'))
    if (specOf(topic))
      held.push(
        await (topic as SinkTarget<unknown>)['~snapstream.sink']({
          signal,
          host,
          scope: new Map(),
          trouble() {},
          sources: [],
        }),
      )
  return async () => {
    await Promise.all(held.splice(0).map(async (writer) => writer.close?.()))
  }
}
