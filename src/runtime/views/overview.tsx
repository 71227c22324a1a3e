/** The Runtime's overview: what needs its owner first, then its figures, then what runs. */
import {
  Ago,
  Count,
  formatBytes,
  formatDuration,
  Needs,
  Rate,
  Region,
  type Regions,
  type Tile,
  Tiles,
  type View,
  Words,
} from '../../web/mod.ts'
import type { PlatformSeen } from '../attention/platform.ts'
import type { AttentionLine } from '../attention.ts'
import type { DeploymentDetail } from '../deployment-detail.ts'
import { throughputOf } from '../throughput.ts'
import { DeploymentList } from './deployment-list.tsx'

export type OverviewProps = Omit<PlatformSeen, 'platform'> & {
  version: string
  bridgePort: number
  certificate: { validToMs: number; installed: boolean }
  disk: { totalBytes: number; freeBytes: number }
  platform: PlatformSeen['platform'] & { tenantName?: string | undefined }
  deployments: readonly DeploymentDetail[]
  attention: readonly AttentionLine[]
  /** Records a second of the last quarter of an hour, oldest first. */
  trend: { in: readonly number[]; out: readonly number[] }
}

export function Overview(props: OverviewProps): View {
  const regions = overviewRegions(props)
  return (
    <>
      <Region id="overview-needs">{regions['overview-needs']}</Region>
      <Region id="overview-tiles">{regions['overview-tiles']}</Region>
      <Region id="overview-deployments">{regions['overview-deployments']}</Region>
    </>
  )
}

export function overviewRegions(props: OverviewProps): Regions {
  return {
    'overview-needs': <Attended {...props} />,
    'overview-tiles': <Tiles label="Figures" tiles={tilesOf(props)} />,
    'overview-deployments': <DeploymentList deployments={props.deployments} nowMs={props.nowMs} />,
  }
}

/** The first thing to decide on has the page's one main button. */
function Attended({ attention, nowMs }: OverviewProps): View {
  const main = attention.find(({ state }) => state === 'awaiting-approval')
  const needs = attention.map((line) => ({
    ...{ state: line.state, word: line.word, what: line.what },
    effect: (
      <>
        {line.sinceMs !== undefined && (
          <>
            <Ago at={line.sinceMs} now={nowMs} />
            {' · '}
          </>
        )}
        <Words text={line.effect} />
      </>
    ),
    action: { ...line.cure, main: line === main },
  }))
  return <Needs needs={needs} well="All is well: nothing needs you." />
}

function tilesOf(props: OverviewProps): Tile[] {
  const { deployments, disk, trend, uptimeMs } = props
  const running = deployments.filter((deployment) => deployment.state === 'running').length
  const bridges = deployments.flatMap((deployment) => deployment.bridges)
  const rate = throughputOf(deployments)
  return [
    {
      label: 'Deployments running',
      value: `${running} of ${deployments.length}`,
      context: `for ${formatDuration(uptimeMs)}, version ${props.version}`,
    },
    {
      label: 'Records in',
      value: <Rate perSecond={rate.in} />,
      context: 'taken by sources and bridges',
      trend: trend.in,
    },
    { label: 'Records out', value: <Rate perSecond={rate.out} />, context: 'into sinks and bridges', trend: trend.out },
    platformTile(props),
    {
      label: 'Secure Bridges up',
      value: `${bridges.filter((bridge) => bridge.state === 'up').length} of ${bridges.length}`,
      context: `peers dial port ${props.bridgePort}`,
    },
    {
      label: 'Certificate',
      value: formatDuration(props.certificate.validToMs - props.nowMs),
      context: `left · ${props.certificate.installed ? 'installed by its owner' : 'self-signed'}`,
    },
    {
      label: 'Disk',
      value: `${Math.round(100 * (1 - disk.freeBytes / Math.max(1, disk.totalBytes)))} %`,
      context: `${formatBytes(disk.freeBytes)} free of ${formatBytes(disk.totalBytes)}`,
    },
  ]
}

function platformTile({ platform, nowMs, version }: OverviewProps): Tile {
  const { lastHeartbeatAnsweredMs: answeredMs, clockOffsetMs, owed } = platform
  if (platform.state === 'none') return { label: 'Platform', value: 'none yet', context: `version ${version}` }
  const waiting = owed.auditLogs + owed.status
  return {
    label: platform.tenantName === undefined ? 'Platform' : `Platform: ${platform.tenantName}`,
    value: answeredMs === undefined ? 'no answer yet' : <Ago at={answeredMs} now={nowMs} />,
    context: (
      <>
        {clockOffsetMs !== undefined && `clock ${offsetOf(clockOffsetMs)} · `}
        {waiting === 0 ? (
          'nothing owed'
        ) : (
          <>
            <Count value={waiting} /> owed
          </>
        )}
      </>
    ),
  }
}

/** `+0.2 s`: the Platform's clock is ahead of this one. */
function offsetOf(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${(Math.abs(ms) / 1_000).toFixed(1)} s`
}
