/** The name of the store of a changelog topic, `<group>-<store>-changelog`; undefined for other topics. */
export function changelogStore(topic: string, group: string): string | undefined {
  const [head, tail] = [`${group}-`, '-changelog']
  if (!topic.startsWith(head) || !topic.endsWith(tail)) return undefined
  const store = topic.slice(head.length, -tail.length)
  return store === '' ? undefined : store
}

/** The changelog topic of a store. */
export const changelogTopic = (group: string, store: string): string => `${group}-${store}-changelog`
