const LEGAL = /^[a-zA-Z0-9._-]{1,249}$/

/** Whether Kafka accepts the name for a topic. */
export function isTopicName(name: string): boolean {
  return LEGAL.test(name) && name !== '.' && name !== '..'
}

export const TOPIC_NAME = "1 to 249 letters, digits, '.', '_' or '-'"
