/**
 * The folder, in `.cache`, in which something is installed apart from the workspace. It is installed at the first call, by
 * one process at a time, and again when its name, which has the versions in it, is another.
 */
export function installedApart(
  name: string,
  log: (line: string) => void,
  install: (folder: string) => Promise<void>,
): Promise<string>

/** Runs a command to its end in a folder. Rejects with what it wrote if that is not well. */
export function must(folder: string, command: string, ...args: readonly string[]): Promise<void>
