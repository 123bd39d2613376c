const NEEDS = new Set(['kafka', 'registry', 'java', 'python'])

/**
 * What a test file needs beside Node, as its name says: `clients.java.kafka.test.ts` needs a Kafka broker and a client of
 * Java.
 */
export const needsOf = (file) =>
  file
    .split('/')
    .at(-1)
    .split('.')
    .slice(1, -2)
    .filter((part) => NEEDS.has(part))
