/** The path of a program in one of these folders (default: those of PATH), or undefined. */
export function which(name: string, folders?: readonly string[]): string | undefined

/** The Java to run, from JAVA_HOME or PATH, if there is one that Kafka 4 runs on (17 or newer). */
export function findJava(): Promise<string | undefined>
