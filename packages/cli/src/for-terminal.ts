/** Characters that steer a terminal, or the direction in which it shows text; line ends and tabs are neither. */
// oxlint-disable-next-line no-control-regex -- these are what it is about
const STEERING = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]|\p{Bidi_Control}/gu

/** A text without anything that steers a terminal: ESC becomes `\x1b`, U+202E becomes `\u202e`. */
export function forTerminal(text: string): string {
  return text.replaceAll(STEERING, (character) => {
    const code = character.charCodeAt(0)
    return code > 0xff ? unicodeEscape(character) : `\\x${code.toString(16).padStart(2, '0')}`
  })
}

/** The same for what has to stay on its line: what would begin another one is escaped, too. */
export function forLine(text: string): string {
  return forTerminal(text)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\t', String.raw`\t`)
}

/** The same for lines of JSON, which stay the JSON that they are. */
export function jsonForTerminal(json: string): string {
  return json.replaceAll(STEERING, unicodeEscape)
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
