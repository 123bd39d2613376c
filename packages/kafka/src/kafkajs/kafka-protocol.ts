/** One request in a version that the broker knows. */
export interface KafkaProtocol {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    expectResponse?(): boolean
    encode(): Promise<KafkaEncoder>
  }
  readonly response: {
    /** `clientSideThrottleTime`: how long the broker will not read from this connection, in ms. */
    decode(raw: Buffer): Promise<{ readonly clientSideThrottleTime?: number | null }>
  }
}

export interface KafkaEncoder {
  readonly buffer: Buffer
  writeArray(values: readonly KafkaEncoder[]): KafkaEncoder
  writeBoolean(value: boolean): KafkaEncoder
  /** With their length before them. */
  writeBytes(bytes: Buffer): KafkaEncoder
  writeInt16(value: number): KafkaEncoder
  writeInt32(value: number): KafkaEncoder
  writeString(text: string | null): KafkaEncoder
}

/** All versions of a request that KafkaJS knows. */
export interface RequestDefinition {
  readonly versions: readonly (string | number)[]
  protocol(of: { readonly version: number }): (args: unknown) => KafkaProtocol
}
