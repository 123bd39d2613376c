/**
 * JSON as text, passed on unchanged. Parsing and printing it would change large numbers, the order of fields, and fields
 * that come twice.
 */

/** Deeper JSON is not embedded: many readers of JSON lines have a limit of depth. */
const MOST_DEPTH = 256

/** Whether a text is an object or array of JSON that can be embedded in a line of JSON unchanged. */
export function isEmbeddable(text: string): boolean {
  const [first, last] = [text[0], text.at(-1)]
  if (!(first === '{' && last === '}') && !(first === '[' && last === ']')) return false
  return !/[\n\r]/.test(text) && isJson(text) && depthOf(text) <= MOST_DEPTH
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A field of an object: its name, and the text of its value. */
export interface RawField {
  readonly name: string
  readonly json: string
}

/** The fields of an object, in their order; undefined for other JSON. Throws if the text is no JSON. */
export function rawFields(text: string): readonly RawField[] | undefined {
  JSON.parse(text)
  let at = skipSpace(text, 0)
  if (text[at] !== '{') return undefined
  const fields: RawField[] = []
  at = skipSpace(text, at + 1)
  while (text[at] !== '}') {
    const nameEnd = endOfValue(text, at)
    const name = JSON.parse(text.slice(at, nameEnd)) as string
    // Behind the colon.
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1)
    const end = endOfValue(text, start)
    fields.push({ name, json: text.slice(start, end) })
    at = skipSpace(text, end)
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return fields
}

const SPACE = /[ \t\n\r]*/y
/** A value without quotes and brackets, up to its end. */
const SCALAR = /[^,\]}: \t\n\r]*/y
const TO_NEXT_TOKEN = /[^"[\]{}]*/y

function skipSpace(text: string, at: number): number {
  return endOfMatch(SPACE, text, at)
}

/** The end of the value that begins at `start`. The text has to be JSON. */
function endOfValue(text: string, start: number): number {
  if (text[start] === '"') return endOfString(text, start)
  if (text[start] !== '{' && text[start] !== '[') return endOfMatch(SCALAR, text, start)
  let depth = 0
  let at = start
  do at = stepOver(text, at, (change) => (depth += change))
  while (depth > 0)
  return at
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  const count = (change: number) => {
    depth += change
    deepest = Math.max(deepest, depth)
  }
  for (let at = 0; at < text.length;) at = stepOver(text, at, count)
  return deepest
}

/** The position after the next string or bracket. */
function stepOver(text: string, from: number, depth: (change: number) => void): number {
  const at = endOfMatch(TO_NEXT_TOKEN, text, from)
  if (text[at] === '"') return endOfString(text, at)
  if (at < text.length) depth(text[at] === '{' || text[at] === '[' ? 1 : -1)
  return at + 1
}

/** The position after the closing quote: the first one behind an even number of backslashes. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); ; at = text.indexOf('"', at + 1)) {
    let escapes = 0
    while (text[at - 1 - escapes] === '\\') escapes++
    if (escapes % 2 === 0) return at + 1
  }
}

function endOfMatch(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  pattern.test(text)
  return pattern.lastIndex
}
