import type { AvroRegistryOptions, JsonRegistryOptions } from './codec-options.ts'
import { avroFormat } from './avro-format.ts'
import { jsonFormat } from './json-format.ts'
import { makeRegistryClient, type RegistryClient } from './registry-client.ts'
import { registryCodec, type RegistryCodec } from './registry-codec.ts'
import type { SchemaRegistryOptions } from './registry-options.ts'

export interface SchemaRegistry extends RegistryClient {
  /**
   * A codec of Avro whose bytes name their schema. With `schema` it is written by that, and everything is read as that;
   * without, it is written by the latest of the subject, and each record read as it was written.
   *
   * Throws `USAGE` for options or a schema that cannot be used.
   */
  avro<T = unknown>(options?: AvroRegistryOptions): RegistryCodec<T>
  /** The same of JSON; what is written and what is read has to meet the schema. */
  json<T = unknown>(options?: JsonRegistryOptions): RegistryCodec<T>
}

/**
 * A client of a schema registry that speaks Confluent's interface (Confluent's own, Apicurio, Karapace, Redpanda), and
 * codecs of its wire format. Nothing is requested before it is needed; schemas are kept for as long as the client is,
 * and what is asked for by several at once is requested once.
 *
 * Throws `USAGE` for options that it does not take. What it is asked for rejects with
 *
 * - `SCHEMA_MISSING`: the registry does not have this id, subject, version or schema
 * - `SCHEMA_INCOMPATIBLE`: the subject's rules do not let the schema be registered
 * - `SCHEMA_REFUSED`: the registry does not take it for a schema
 * - `SCHEMA_UNUSABLE`: it is registered, and cannot be used here: too large, referring to too many, not read as `schema`
 * - `AUTHENTICATION_REFUSED`: not logged in, or not allowed
 * - `REGISTRY_UNREACHABLE`: no answer, or only failures, `retries` included
 * - `REGISTRY_FAILED`: any other answer
 *
 * @example
 * const registry = SchemaRegistry({ url: 'http://localhost:8081' })
 * const orders = Topic('orders', { groupId: 'billing', codec: registry.avro<Order>() })
 */
export function SchemaRegistry(options: SchemaRegistryOptions): SchemaRegistry {
  const client = makeRegistryClient(options)
  const { failureTtlMs } = options
  return {
    ...client,
    avro: (codecOptions = {}) => registryCodec(client, avroFormat(client, codecOptions), codecOptions, failureTtlMs),
    json: (codecOptions = {}) => registryCodec(client, jsonFormat(client, codecOptions), codecOptions, failureTtlMs),
  }
}
