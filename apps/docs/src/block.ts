/** A fenced code block of a Markdown file. */
export interface Block {
  readonly language: string
  readonly code: string
  /** The line of the code's first line in the file, from 1. */
  readonly line: number
  /** The word in an HTML comment above the block, as in `<!-- kafka -->`. */
  readonly mark: string | undefined
  /** Its expected output: the next block, if that is ```text under the same heading. */
  readonly output: string | undefined
}

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)/

/** The fenced code blocks of a Markdown text, in order. */
export function blocksOf(markdown: string): readonly Block[] {
  const lines = markdown.split(/\r?\n/)
  const found: { -readonly [K in keyof Block]: Block[K] }[] = []
  let sinceHeading = 0
  for (let i = 0; i < lines.length; i++) {
    const [, fence, language = ''] = FENCE.exec(lines[i]!) ?? []
    if (fence === undefined) {
      if (/^#{1,6} /.test(lines[i]!)) sinceHeading = found.length
      continue
    }
    const close = lines.findIndex((line, j) => j > i && line.trim().startsWith(fence) && /^[`~]+$/.test(line.trim()))
    const end = close === -1 ? lines.length : close
    const code = `${lines.slice(i + 1, end).join('\n')}\n`
    // The formatter keeps a blank line between a comment and a block.
    const above = lines[i - 1]?.trim() === '' ? lines[i - 2] : lines[i - 1]
    const mark = /^<!--\s*(\S+)\s*-->$/.exec(above ?? '')?.[1]
    const previous = found.at(-1)
    if (language === 'text' && previous?.language === 'ts' && found.length > sinceHeading) previous.output = code
    found.push({ language, code, line: i + 2, mark, output: undefined })
    i = end
  }
  return found
}
