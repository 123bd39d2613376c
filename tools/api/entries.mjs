/** Where the target `api` puts the reports of a package, beside its dist/. */
export const EXTRACTED = '.api'

/** The public entries of a package: what a program imports, its declarations, and the file of its report. */
export function entriesOf({ name, exports = {} }) {
  return Object.entries(exports)
    .filter(([, target]) => target.types)
    .map(([path, { types }]) => ({
      entry: name + path.slice(1),
      types,
      file: path === '.' ? 'index.md' : `${path.slice(2).replaceAll('/', '-')}.md`,
    }))
}
