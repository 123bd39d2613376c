export interface JavaApartOptions {
  /** Names the folder in `.cache`, with the versions of what is in it. */
  readonly name: string
  /** One file, with a class of the same name. */
  readonly source: string
  /** As `group:artifact:version`. */
  readonly dependencies: readonly string[]
  /** Of the JVM. */
  readonly flags: readonly string[]
}

/**
 * The command that runs a Java program with its libraries, apart from the workspace. It is installed and compiled at the first
 * call: whoever starts it again does not wait for that. Rejects without Java 17.
 */
export function javaApart(
  options: JavaApartOptions,
  log: (line: string) => void,
): Promise<readonly [command: string, ...args: string[]]>
