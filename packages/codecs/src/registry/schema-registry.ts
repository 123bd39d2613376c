import { checkProtocol } from '../check-protocol.ts'
import type { AvroRegistryOptions, JsonRegistryOptions } from './codec-options.ts'
import { avroFormat } from './avro-format.ts'
import { jsonFormat } from './json-format.ts'
import { makeRegistryClient, type RegistryClient } from './registry-client.ts'
import { registryCodec, type RegistryCodec } from './registry-codec.ts'
import type { SchemaRegistryOptions } from './registry-options.ts'

/** A client of a schema registry, and codecs of its wire format. */
export interface SchemaRegistry extends RegistryClient {
  /**
   * A codec for Avro with the id of the schema before each value. With `schema` it writes by that schema and reads
   * everything as that schema. Without it, it writes by the latest schema of the subject and reads each record as it was
   * written.
   *
   * Throws `USAGE` for invalid options and for an invalid schema.
   */
  avro<T = unknown>(options?: AvroRegistryOptions): RegistryCodec<T>
  /** The same for JSON: written and read values have to match the schema. */
  json<T = unknown>(options?: JsonRegistryOptions): RegistryCodec<T>
}

/**
 * A client of a schema registry with Confluent's interface (Confluent's own, Apicurio, Karapace, Redpanda), and codecs of
 * its wire format. It makes a request only when a schema is needed. Schemas are kept for as long as the client is;
 * concurrent calls for the same schema share one request.
 *
 * Throws `USAGE` for invalid options. Its methods reject with
 *
 * - `SCHEMA_MISSING`: the registry has no such id, subject, version or schema
 * - `SCHEMA_INCOMPATIBLE`: the compatibility rule of the subject refuses the schema
 * - `SCHEMA_REFUSED`: the registry considers the schema invalid
 * - `SCHEMA_UNUSABLE`: the schema is registered and cannot be used here: it is too large, refers to too many others, or
 *   cannot be read as `schema`
 * - `AUTHENTICATION_REFUSED`: the login is missing, wrong, or not permitted
 * - `REGISTRY_UNREACHABLE`: no answer, or only answers that the registry failed, also after all `retries`
 * - `REGISTRY_FAILED`: any other answer
 *
 * @example
 * const registry = SchemaRegistry({ url: 'http://localhost:8081' })
 * const orders = Topic('orders', { groupId: 'billing', codec: registry.avro<Order>() })
 */
export function SchemaRegistry(options: SchemaRegistryOptions): SchemaRegistry {
  checkProtocol()
  const client = makeRegistryClient(options)
  const { failureTtlMs } = options
  return {
    ...client,
    avro: (codecOptions = {}) => registryCodec(client, avroFormat(client, codecOptions), codecOptions, failureTtlMs),
    json: (codecOptions = {}) => registryCodec(client, jsonFormat(client, codecOptions), codecOptions, failureTtlMs),
  }
}
