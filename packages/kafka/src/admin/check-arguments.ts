import { describe } from '@snapstream/core'
import { TOPIC_NAME, isTopicName } from '../driver/topic-name.ts'
import { TOPIC_CREATION, isTopicCreation } from '../options/topic-creation.ts'
import type { TopicCreation } from '../options/topic-creation.ts'
import { usage } from '../conf/usage.ts'

export interface NewTopicOptions extends TopicCreation {
  /**
   * What to do if there is such a topic: leave it as it is, or reject with `TOPIC_EXISTS`. Two who create one at the same
   * moment may both be told that they did. @default 'leave'
   */
  readonly ifExists?: 'leave' | 'refuse'
}

/** Throws `USAGE` unless it can be a topic's name. */
export function checkName(topic: unknown): void {
  if (typeof topic !== 'string' || !isTopicName(topic))
    throw usage(`a topic's name has ${TOPIC_NAME}; got ${describe(topic)}`)
}

/** Throws `USAGE` unless it can be a group's name. */
export function checkGroupId(groupId: unknown): void {
  if (typeof groupId !== 'string' || groupId === '')
    throw usage(`a group's name is a string that is not empty, got ${describe(groupId)}`)
}

/** Throws `USAGE` for what a topic cannot be created with. */
export function checkCreation(topic: string, ifExists: unknown, creation: TopicCreation): void {
  const what = `createTopic(${JSON.stringify(topic)})`
  if (!isTopicCreation(creation)) throw usage(`${what} takes ${TOPIC_CREATION}; got ${describe(creation)}`)
  if (ifExists !== 'leave' && ifExists !== 'refuse')
    throw usage(`ifExists of ${what} takes 'leave' or 'refuse', got ${describe(ifExists)}`)
}
