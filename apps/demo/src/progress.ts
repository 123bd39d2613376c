interface Terminal {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** One line that is rewritten, on a terminal only; `done` clears it. */
export function createProgress(terminal: Terminal): { show(line: string): void; done(): void } {
  let shown = false
  return {
    show(line) {
      if (!terminal.isTTY) return
      terminal.write(`\r\u001B[K${line}`)
      shown = true
    },
    done() {
      if (shown) terminal.write('\r\u001B[K')
      shown = false
    },
  }
}
