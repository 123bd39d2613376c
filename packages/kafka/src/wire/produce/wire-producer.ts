import { SnapstreamError } from '@snapstream/core'
import type { ClientSettings, DriverProducer, ProducerSettings } from '../../driver/driver.ts'
import { openCluster } from '../cluster/cluster.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { oddAnswer, throwFor } from '../errors/kafka-error.ts'
import { retry } from '../errors/retry.ts'
import type { Connect, ProducerIdAndEpoch } from '../protocol/connection.ts'
import { createIdempotence } from './idempotence.ts'
import { createSender } from './sender.ts'
import { UNNUMBERED } from './sequences.ts'

/** Makes a producer over the connections of a client library. Rejects with `USAGE` or `BROKER_UNREACHABLE`. */
export async function wireProducer(
  connect: Connect,
  client: ClientSettings,
  settings: ProducerSettings,
): Promise<DriverProducer> {
  const { acks, idempotence } = settings
  if (idempotence && acks !== -1)
    throw new SnapstreamError(
      'USAGE',
      `acks of an idempotent producer has to be -1 (all in-sync replicas), got ${acks}`,
    )
  const cluster = await openCluster(client, connect)
  const numbers = idempotence ? createIdempotence(() => initProducerId(cluster, client)) : UNNUMBERED
  return createSender({ cluster, client, settings, numbers })
}

/**
 * Requests a producer id, with retries, as no batch is in flight yet. A broker gives out no producer ids for a while after its
 * start.
 */
async function initProducerId(
  cluster: Cluster,
  { connectTimeoutMs }: Pick<ClientSettings, 'connectTimeoutMs'>,
): Promise<ProducerIdAndEpoch> {
  const ask = async () => {
    const answer = await (await cluster.any()).initProducerId()
    throwFor(answer)
    const { producerId, producerEpoch } = answer
    if (producerId < 0 || producerEpoch < 0)
      throw oddAnswer('InitProducerId', `the id ${producerId} with the epoch ${producerEpoch}`)
    return { producerId, producerEpoch }
  }
  return retry(ask, { patienceMs: connectTimeoutMs })
}
