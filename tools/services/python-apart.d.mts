/**
 * A Python with packages (as pip takes them, with exact versions) in an environment of its own, apart from the workspace. It
 * is installed at the first call. Rejects without Python 3.
 *
 * @param name of the folder in `.cache`, with the versions in it
 */
export function pythonApart(name: string, packages: readonly string[], log: (line: string) => void): Promise<string>
