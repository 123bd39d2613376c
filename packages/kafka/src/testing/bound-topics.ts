import { SnapstreamError } from '@snapstream/core'
import type { App, Host, SinkTarget, SinkWriter } from '@snapstream/core'
import { boundTo } from '@snapstream/core/testing'
import { specOf } from '../options/topic-spec.ts'

type TestedApp = Pick<App<{}>, 'bindings'> | undefined

/** The topics of the apps that run, by process: an open topic is a connection of one process. */
export type OpenTopics = Map<object, readonly unknown[]>

/**
 * Takes the topics of an app for a process. Throws `USAGE` for a topic with a driver of its own, which would reach another
 * broker than the test's, and for one that another process has open.
 */
export function takeTopics(app: TestedApp, process: object, openTopics: OpenTopics): void {
  const topics = boundTo(app).filter((bound) => specOf(bound) !== undefined)
  for (const topic of topics) {
    const { name, conf } = specOf(topic)!
    if (conf.driver !== undefined)
      throw new SnapstreamError(
        'USAGE',
        `Topic(${name}) has a driver in its conf, which a test cannot replace; set it with Conf({ driver })`,
        { topic: name },
      )
    for (const [other, its] of openTopics)
      if (other !== process && its.includes(topic))
        throw new SnapstreamError(
          'USAGE',
          `Topic(${name}) is bound to another test app that runs, and a topic is open in one process; make topics and app in a function, and call it for each test app`,
          { topic: name },
        )
  }
  openTopics.set(process, topics)
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
