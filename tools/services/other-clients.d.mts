/** Rejects when there is no JDK, or no Maven for the first download of the client. */
export function javaCommand(file: string): Promise<[command: string, ...args: string[]]>

/** Rejects when there is no Python, or the client could not be installed. */
export function pythonCommand(file: string): Promise<[command: string, ...args: string[]]>

/** Rejects when there is no Python, or its codecs could not be installed. */
export function pythonCodecsCommand(file: string): Promise<[command: string, ...args: string[]]>
