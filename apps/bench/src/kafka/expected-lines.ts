import { checksumOfLines } from './content.ts'

/** The lines of an output, in any order, as a checksum and a number. */
export function expectedLines(lines: Iterable<string>): { readonly checksum: string; readonly outputs: number } {
  const all = checksumOfLines()
  let outputs = 0
  for (const line of lines) {
    all.add(line)
    outputs++
  }
  return { checksum: all.checksum, outputs }
}
