/** Where avsc reads and writes; the part of it that is used here. Beyond the end, `pos` runs on and avsc notices. */
export interface Tap {
  readonly buf: Buffer
  pos: number
  readLong(): number
  skipLong(): void
  readString(): string | undefined
}
