const NEEDS = new Set(['kafka', 'registry', 'java', 'python', 'long'])

/**
 * The needs of a test file beside Node, from its name: `clients.java.kafka.test.ts` needs a Kafka broker and a client of
 * Java. `long` is a need of time.
 */
export const needsOf = (file) =>
  file
    .split('/')
    .at(-1)
    .split('.')
    .slice(1, -2)
    .filter((part) => NEEDS.has(part))
