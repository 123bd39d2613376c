import type { OperatorPart, OperatorStore } from '@snapstream/core/adapter'

/** A store with any keys and values. */
// oxlint-disable-next-line typescript/no-explicit-any -- a bound of stores
export type AnyStore = OperatorStore<any, any>

/** The access of any store. */
export type AnyAccess = AnyStore['~snapstream.operator']

/** A part of any store. */
// oxlint-disable-next-line typescript/no-explicit-any -- a bound of parts
export type AnyPart = OperatorPart<any, any>
