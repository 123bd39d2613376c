import { SnapstreamError } from '@snapstream/core'
import { METRIC } from '../names.ts'
import { readHealth } from '../read-health.ts'
import type { AnyApp } from '../read-health.ts'
import { watchApp } from '../watch-app.ts'
import { watchRequests } from '../watch-requests.ts'
import { createSeries } from './series.ts'
import { CONTENT_TYPE, textOf } from './text-format.ts'

/** Options of `prometheus`. */
export interface PrometheusOptions {
  /** Labels of all series, such as the name of one of several apps in the process. @default none */
  readonly labels?: Readonly<Record<string, string>>
}

/** The part of a request of `node:http` that the handler reads. */
interface Request {
  readonly method?: string | undefined
}

/** The part of a response of `node:http` that the handler writes. */
interface Response {
  writeHead(status: number, headers: Record<string, string>): unknown
  end(body?: string): unknown
}

/** The metrics of an app for Prometheus. */
export interface PrometheusMetrics {
  /** The metrics at this moment, in Prometheus' text format. Cheap; needs no `this`. */
  text(): string
  /** The content type of `text()`. */
  readonly contentType: string
  /** Answers a request of `node:http` or Express with the metrics, whichever its path. Needs no `this`. */
  handler(request: Request, response: Response): void
  /** Ends the measuring. */
  close(): void
}

const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/**
 * Makes the metrics of an app for Prometheus, without an SDK. They have the names that OpenTelemetry's exporter for Prometheus
 * gives to those of `instrument`. Call it before `stream`: the batches of a stream that runs already are not timed.
 *
 * Throws `USAGE` for an app that `createApp` did not make, and for a name that is no label of Prometheus.
 *
 * @example
 * const metrics = prometheus(app)
 * createServer(metrics.handler).listen(9464)
 */
export function prometheus(app: AnyApp, { labels = {} }: PrometheusOptions = {}): PrometheusMetrics {
  for (const name of Object.keys(labels))
    if (!LABEL.test(name))
      throw new SnapstreamError(
        'USAGE',
        `a label of prometheus has to have letters, digits and _, got ${JSON.stringify(name)}`,
      )
  const series = createSeries()
  const watched = watchApp(app, series.record)
  const endRequests = watchRequests(series.record)

  const text = () => textOf(Object.values(METRIC), [...readHealth(app), ...watched.readings()], series, labels)
  return {
    text,
    contentType: CONTENT_TYPE,
    handler({ method }, response) {
      if (method !== 'GET' && method !== 'HEAD') {
        response.writeHead(405, { allow: 'GET, HEAD' })
        response.end()
        return
      }
      const body = text()
      response.writeHead(200, { 'content-type': CONTENT_TYPE, 'content-length': String(Buffer.byteLength(body)) })
      response.end(method === 'HEAD' ? undefined : body)
    },
    close() {
      endRequests()
      watched.stop()
    },
  }
}
