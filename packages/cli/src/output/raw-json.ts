/**
 * JSON as text that is passed on as it is. A number that JavaScript cannot hold, the order of fields and a name that comes
 * twice would not survive being parsed and printed anew.
 */

/** Deeper JSON is not embedded: many programs that read lines of JSON give up at some depth. */
const MOST_DEPTH = 256

/** Whether a text is an object or array of JSON that can stand in a line of JSON as it is, and be found there again. */
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

/** A field of an object: its name, and its value as it stands in the text. */
export interface RawField {
  readonly name: string
  readonly json: string
}

/** The fields of an object, in their order; undefined where the text is JSON of another kind. Throws for what is no JSON. */
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
/** What ends a value that is neither in quotes nor in brackets. */
const SCALAR = /[^,\]}: \t\n\r]*/y
const TO_NEXT_TOKEN = /[^"[\]{}]*/y

function skipSpace(text: string, at: number): number {
  return endOfMatch(SPACE, text, at)
}

/** Where the value ends that begins here. The text is known to be JSON. */
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

/** Goes behind the next string or bracket. */
function stepOver(text: string, from: number, depth: (change: number) => void): number {
  const at = endOfMatch(TO_NEXT_TOKEN, text, from)
  if (text[at] === '"') return endOfString(text, at)
  if (at < text.length) depth(text[at] === '{' || text[at] === '[' ? 1 : -1)
  return at + 1
}

/** Behind the quote that no odd number of backslashes is in front of. */
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
