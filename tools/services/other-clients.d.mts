/** Rejects when there is no JDK, or no Maven for the first download of the client. */
export function javaCommand(file: string): Promise<[command: string, ...args: string[]]>

/** Rejects when there is no Python, or the client could not be installed. */
export function pythonCommand(file: string): Promise<[command: string, ...args: string[]]>

/** Rejects when there is no Python, or the library snapstream could not be installed. */
export function pythonSnapstreamCommand(file: string): Promise<[command: string, ...args: string[]]>
