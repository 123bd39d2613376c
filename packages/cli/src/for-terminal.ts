/** Characters that control a terminal or the direction of its text; line ends and tabs do neither. */
// oxlint-disable-next-line no-control-regex -- control characters are its subject
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]|\p{Bidi_Control}/gu

/** A text without characters that control a terminal: ESC becomes `\x1b`, U+202E becomes `\u202e`. */
export function forTerminal(text: string): string {
  return text.replaceAll(CONTROLS, (character) => {
    const code = character.charCodeAt(0)
    return code > 0xff ? unicodeEscape(character) : `\\x${code.toString(16).padStart(2, '0')}`
  })
}

/** The same for a text that has to stay on one line: line ends and tabs are escaped, too. */
export function forLine(text: string): string {
  return forTerminal(text)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\t', String.raw`\t`)
}

/** The same for lines of JSON, with the escapes of JSON. */
export function jsonForTerminal(json: string): string {
  return json.replaceAll(CONTROLS, unicodeEscape)
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
