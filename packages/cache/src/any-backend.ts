/**
 * Any database of the abstract-level family, by what they all have. `AbstractLevel` itself takes its subclasses or does
 * not, depending on the options of the compiler and on the order in which it looks at them.
 */
export interface AnyBackend {
  readonly status: 'opening' | 'open' | 'closing' | 'closed'
  readonly supports: { readonly permanence: boolean }
  open(): Promise<void>
  close(): Promise<void>
  batch(): { write(): Promise<void> }
  iterator(): { nextv(size: number): Promise<unknown[]>; close(): Promise<void> }
}
