import { installedApart, must } from '../../../../tools/services/installed-apart.mjs'

export { must }

/** The folder in which a rival is installed, apart from the workspace, once for each name. */
export function installed(
  name: string,
  log: (line: string) => void,
  install: (folder: string) => Promise<void>,
): Promise<string> {
  return installedApart(`rivals/${name}`, log, install)
}
