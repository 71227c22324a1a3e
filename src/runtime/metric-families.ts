/**
 * The figures of a Runtime as Prometheus reads them. Labels are names that its owner or a blueprint gave: deployments, components,
 * bridges. Never a partition, a path or a message, so that what is told stays bounded and holds nothing of content.
 */
import type { MetricFamily, MetricSample } from '../server/mod.ts'
import type { ComponentStatus } from '../wire/mod.ts'
import { type CertificateView, certificateOf, type StatusView, statusOf } from './status.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

/** Components and bridges that one answer tells of: 2,048 × ≈9 figures × ≈160 B ≈ 3 MiB. Those beyond are counted, not told. */
export const METRIC_ITEMS_MAX = 2_048

type Status = Awaited<ReturnType<typeof statusOf>>
type Deployment = Status['deployments'][number]

export type FamiliesDeps = StatusView &
  CertificateView & {
    /** The export by OTLP, where there is one. */
    telemetry?: Pick<Telemetry, 'families'> | undefined
  }

/** All of it, looked at now. */
export async function metricFamilies(deps: FamiliesDeps): Promise<MetricFamily[]> {
  const families = familiesOf(await statusOf(deps), certificateOf(deps).validToMs)
  return [...families, ...(deps.telemetry?.families() ?? [])]
}

/** The figures of one look. */
export function familiesOf(status: Status, certificateEndMs: number): MetricFamily[] {
  const { told, omitted } = bounded(status.deployments)
  return [
    ...ownFamilies(status, certificateEndMs),
    ...deploymentFamilies(told),
    ...componentFamilies(told),
    ...bridgeFamilies(told),
    gauge('sluice_metrics_omitted', 'Components and bridges beyond the bound of this answer.', [{ value: omitted }]),
  ]
}

function ownFamilies(status: Status, certificateEndMs: number): MetricFamily[] {
  const { platform, disk, attention } = status
  const { owed } = platform
  const heardMs = platform.lastHeartbeatAnsweredMs
  const states = ['failed', 'late', 'awaiting-approval'] as const
  return [
    gauge('sluice_build_info', 'The version that runs; always 1.', [{ labels: { version: status.version }, value: 1 }]),
    gauge('sluice_uptime_seconds', 'Since the process started.', [{ value: status.uptimeMs / 1_000 }]),
    gauge('sluice_resident_memory_bytes', 'Of the main process.', [{ value: process.memoryUsage.rss() }]),
    gauge('sluice_disk_size_bytes', 'Of the volume of the data folder.', [{ value: disk.totalBytes }]),
    gauge('sluice_disk_free_bytes', 'Of the volume of the data folder.', [{ value: disk.freeBytes }]),
    gauge('sluice_certificate_end_timestamp_seconds', 'When the certificate in use ends.', [
      { value: certificateEndMs / 1_000 },
    ]),
    gauge('sluice_platform_enrolled', '1 if this Runtime belongs to a Platform.', [
      { value: platform.state === 'enrolled' ? 1 : 0 },
    ]),
    gauge(
      'sluice_platform_heartbeat_timestamp_seconds',
      'When the Platform last answered a heartbeat.',
      heardMs === undefined ? [] : [{ value: heardMs / 1_000 }],
    ),
    gauge('sluice_platform_owed_entries', 'What the Platform has not acknowledged yet.', [
      { labels: { stream: 'audit_logs' }, value: owed.auditLogs },
      { labels: { stream: 'status' }, value: owed.status },
    ]),
    counter('sluice_platform_dropped_entries_total', 'What was owed and not kept.', [{ value: owed.dropped }]),
    gauge(
      'sluice_attention',
      'Lines on the overview that need a person.',
      states.map((state) => ({ labels: { state }, value: attention.filter((line) => line.state === state).length })),
    ),
  ]
}

function deploymentFamilies(deployments: readonly Deployment[]): MetricFamily[] {
  const each = (read: (one: Deployment) => number | undefined): MetricSample[] =>
    deployments.flatMap((one) => {
      const value = read(one)
      return value === undefined ? [] : [{ labels: { deployment: one.deployment }, value }]
    })
  return [
    gauge(
      'sluice_deployment_info',
      'Blueprint, version and state of a deployment; always 1.',
      deployments.map(({ deployment, blueprint, version, state }) => ({
        labels: { deployment, blueprint, version: String(version), state },
        value: 1,
      })),
    ),
    gauge(
      'sluice_deployment_dead_letters',
      'Refused records that wait for the owner.',
      each((one) => one.deadLetters),
    ),
    gauge(
      'sluice_worker_resident_memory_bytes',
      'Of a deployment’s worker.',
      each((one) => one.worker?.rssBytes),
    ),
    counter(
      'sluice_worker_restarts_total',
      'Of a deployment’s worker.',
      each((one) => one.worker?.restarts),
    ),
  ]
}

/** Figure → what it is, and how it is read from a component's counts. */
const COMPONENT_COUNTERS: readonly [name: string, help: string, read: (one: ComponentStatus) => number][] = [
  ['records_in_total', 'Records that came in.', ({ messagesIn }) => messagesIn],
  ['records_out_total', 'Records that went on.', ({ messagesOut }) => messagesOut],
  ['bytes_in_total', 'Bytes that came in.', ({ bytesIn }) => bytesIn],
  ['bytes_out_total', 'Bytes that went on.', ({ bytesOut }) => bytesOut],
  ['errors_total', 'Failures.', ({ errors }) => errors],
  ['retries_total', 'Attempts after a failure.', ({ retries }) => retries],
  ['refused_records_total', 'Records that were refused.', ({ refused }) => refused],
  ['execution_seconds_total', 'Time spent at work.', ({ executionMs }) => executionMs / 1_000],
]

function componentFamilies(deployments: readonly Deployment[]): MetricFamily[] {
  return COMPONENT_COUNTERS.map(([name, help, read]) =>
    counter(
      `sluice_component_${name}`,
      help,
      deployments.flatMap(({ deployment, components }) =>
        components.map((one) => ({
          labels: { deployment, component: one.name, type: one.type },
          value: read(one),
        })),
      ),
    ),
  )
}

function bridgeFamilies(deployments: readonly Deployment[]): MetricFamily[] {
  const each = (read: (one: Deployment['bridges'][number]) => number): MetricSample[] =>
    deployments.flatMap(({ deployment, bridges }) =>
      bridges.map((one) => ({
        labels: { deployment, bridge: one.bridge, peer: one.peer, direction: one.direction },
        value: read(one),
      })),
    )
  return [
    gauge(
      'sluice_bridge_up',
      '1 while the bridge stands.',
      each(({ state }) => (state === 'up' ? 1 : 0)),
    ),
    counter(
      'sluice_bridge_frames_total',
      'Frames that crossed.',
      each(({ frames }) => frames),
    ),
    counter(
      'sluice_bridge_bytes_total',
      'Bytes that crossed.',
      each(({ bytes }) => bytes),
    ),
  ]
}

/** The first deployments as long as their components and bridges are within the bound. */
function bounded(deployments: readonly Deployment[]): { told: Deployment[]; omitted: number } {
  const told: Deployment[] = []
  let items = 0
  let omitted = 0
  for (const deployment of deployments) {
    const own = deployment.components.length + deployment.bridges.length
    if (items + own > METRIC_ITEMS_MAX) omitted += own
    else told.push(deployment)
    if (told.at(-1) === deployment) items += own
  }
  return { told, omitted }
}

function gauge(name: string, help: string, samples: readonly MetricSample[]): MetricFamily {
  return { name, help, type: 'gauge', samples }
}

function counter(name: string, help: string, samples: readonly MetricSample[]): MetricFamily {
  return { name, help, type: 'counter', samples }
}
