/** The Runtime's overview: what needs its owner first, then its link to the Platform, then what runs. */
import {
  Ago,
  Count,
  Empty,
  formatDuration,
  Id,
  type Need,
  Needs,
  Region,
  type Regions,
  State,
  Table,
  Tiles,
  type View,
} from '../../web/mod.ts'
import type { DeploymentDetail } from '../deployment-detail.ts'

export type OverviewProps = {
  nowMs: number
  uptimeMs: number
  version: string
  bridgePort: number
  enrolment: {
    state: string
    tenantName?: string | undefined
    lastHeartbeatAnsweredAt?: string | undefined
    failure?: string | undefined
    heartbeats: number
    owed: { auditLogs: number; status: number; lost: number }
  }
  deployments: readonly DeploymentDetail[]
}

/** A Platform that has not answered for this long needs someone: three intervals and their jitter. */
const SILENT_MS = 33_000

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
    'overview-needs': <Needs needs={needsOf(props)} well="All is well: nothing needs you." />,
    'overview-tiles': <Tiles label="Figures" tiles={tilesOf(props)} />,
    'overview-deployments': <Deployments {...props} />,
  }
}

function needsOf(props: OverviewProps): Need[] {
  return [...props.deployments.flatMap((deployment) => deploymentNeeds(deployment)), ...platformNeeds(props)]
}

function deploymentNeeds(deployment: DeploymentDetail): Need[] {
  const href = `/deployments/${deployment.deployment}`
  const needs: Need[] = []
  if (deployment.waiting) {
    needs.push({
      state: 'awaiting-approval',
      what: `${deployment.blueprint} version ${deployment.waiting.version} waits for your approval`,
      effect: `It adds ${countAdds(deployment)} to what you approved; until you decide, what runs goes on.`,
      action: { label: 'Review', href, main: true },
    })
  }
  if (deployment.state === 'failed' || deployment.state === 'refused') {
    needs.push({
      state: deployment.state,
      what: `${deployment.blueprint} does not run: ${deployment.reasons[0]?.code ?? deployment.state}`,
      effect: 'Its sources are held where they are; nothing is lost.',
      action: { label: 'Look', href },
    })
  }
  if (deployment.state !== 'failed' && deployment.reasons[0]?.code === 'runtime.row_not_authentic') {
    needs.push({
      state: 'failed',
      what: `The next version of ${deployment.blueprint} cannot be decided on: runtime.row_not_authentic`,
      effect: 'Its approvals were changed outside of Sluice; what runs goes on.',
      action: { label: 'Look', href },
    })
  }
  if (deployment.deadLetters > 0) {
    needs.push({
      state: 'refused',
      what: `${deployment.deadLetters} refused ${deployment.deadLetters === 1 ? 'record' : 'records'} of ${deployment.blueprint} ${deployment.deadLetters === 1 ? 'waits' : 'wait'}`,
      effect: 'They are kept on this Runtime until you drop them.',
      action: { label: 'Look', href },
    })
  }
  return needs
}

function platformNeeds({ enrolment, nowMs, uptimeMs }: OverviewProps): Need[] {
  if (enrolment.state === 'none') {
    return [
      {
        state: 'awaiting-approval',
        what: 'This Runtime belongs to no Platform yet',
        effect: 'Make an enrolment code there, then run: sluice runtime enrol CODE',
        action: { label: 'Reload', href: '/' },
      },
    ]
  }
  const lost = lostNeeds(enrolment.owed.lost)
  const answeredMs = enrolment.lastHeartbeatAnsweredAt
    ? Date.parse(enrolment.lastHeartbeatAnsweredAt)
    : nowMs - uptimeMs
  if (nowMs - answeredMs < SILENT_MS) return lost
  const owed = enrolment.owed.auditLogs + enrolment.owed.status
  return [
    ...lost,
    {
      state: 'late',
      what: `The Platform does not answer${enrolment.failure ? `: ${enrolment.failure}` : ''}`,
      effect: `This Runtime works on; ${owed} messages are kept for the Platform.`,
      action: { label: 'Reload', href: '/' },
    },
  ]
}

function lostNeeds(lost: number): Need[] {
  if (lost === 0) return []
  return [
    {
      state: 'failed',
      what: `${lost} ${lost === 1 ? 'message' : 'messages'} for the Platform could not be read from the disk any more`,
      effect:
        'Records are not among them; the Platform lacks these logs or reports. Check the volume of the data folder.',
      action: { label: 'Reload', href: '/' },
    },
  ]
}

function tilesOf({ deployments, enrolment, nowMs, uptimeMs, version, bridgePort }: OverviewProps) {
  const running = deployments.filter((deployment) => deployment.state === 'running').length
  const bridges = deployments.flatMap((deployment) => deployment.bridges)
  const answered = enrolment.lastHeartbeatAnsweredAt
  return [
    {
      label: 'Deployments running',
      value: `${running} of ${deployments.length}`,
      context: `up for ${formatDuration(uptimeMs)}`,
    },
    {
      label: 'Secure Bridges up',
      value: `${bridges.filter((bridge) => bridge.state === 'up').length} of ${bridges.length}`,
      context: `peers dial port ${bridgePort}`,
    },
    {
      label: 'Platform',
      value: answered ? <Ago at={Date.parse(answered)} now={nowMs} /> : 'no answer yet',
      context: enrolment.tenantName ?? 'not enrolled',
    },
    {
      label: 'Kept for the Platform',
      value: <Count value={enrolment.owed.auditLogs + enrolment.owed.status} />,
      context: `version ${version}`,
    },
  ]
}

function Deployments({ deployments, nowMs }: OverviewProps): View {
  if (deployments.length === 0) {
    return (
      <Empty
        title="No deployments"
        teaches="A deployment is one version of a Blueprint in force here. The Platform sends it; you approve what it may touch."
        command="sluice blueprint deploy orders-to-warehouse.yaml"
      />
    )
  }
  return (
    <Table
      id="deployments"
      title="Deployments"
      columns={[
        { title: 'Blueprint' },
        { title: 'State' },
        { title: 'Version', numeric: true },
        { title: 'Records out', numeric: true },
        { title: 'Since', wide: true },
      ]}
      rows={deployments.map((deployment) => ({
        id: `row-${deployment.deployment}`,
        cells: [
          <>
            <a href={`/deployments/${deployment.deployment}`}>
              <b>{deployment.blueprint}</b>
            </a>
            <small>
              <Id value={deployment.deployment} label="deployment id" />
            </small>
          </>,
          <State state={deployment.state} />,
          String(deployment.version),
          <Count value={Math.max(0, ...deployment.components.map((component) => component.messagesOut))} />,
          <Ago at={Date.parse(deployment.changedAt)} now={nowMs} />,
        ],
      }))}
    />
  )
}

function countAdds({ waiting }: DeploymentDetail): string {
  const count = waiting ? Object.values(waiting.adds).flat().length : 0
  return count === 1 ? 'one thing' : `${count} things`
}
