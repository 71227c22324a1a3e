/** One deployment with its live counts, its process, and what waits for the owner's decision. */
import {
  type BridgeView,
  ByteCount,
  type ComponentView,
  DeploymentView,
  type DeploymentViewProps,
  Facts,
  type Failure,
  type FlowRemote,
  Form,
  grouped,
  Region,
  type View,
} from '../../web/mod.ts'
import type { DeploymentDetail } from '../deployment-detail.ts'

export type DeploymentPageProps = { detail: DeploymentDetail; nowMs: number; mayAct: boolean }

export function DeploymentPage({ detail, nowMs, mayAct }: DeploymentPageProps): View {
  const { deployment, waiting } = detail
  return (
    <>
      {waiting !== undefined && <Waits deployment={deployment} waiting={waiting} />}
      <DeploymentView {...deploymentViewProps(detail, nowMs)} acts={mayAct && <ActsRegion detail={detail} />} />
      <Region id="deployment-worker" class="card">
        <WorkerFacts detail={detail} />
      </Region>
    </>
  )
}

function ActsRegion({ detail }: { detail: DeploymentDetail }): View {
  return (
    <Region id="deployment-acts" class="acts">
      <Acts detail={detail} />
    </Region>
  )
}

/** What can be done with it as it is now. */
export function Acts({ detail: { deployment, state } }: { detail: DeploymentDetail }): View {
  return (
    <>
      {state !== 'awaiting-approval' && (
        <form method="post" action={`/deployments/${deployment}/restart`}>
          <button type="submit" class="button quiet">
            Restart
          </button>
        </form>
      )}
      {state !== 'stopped' && (
        <a class="button quiet" href={`/deployments/${deployment}/stop`}>
          Stop
        </a>
      )}
    </>
  )
}

export type StopProps = {
  detail: Pick<DeploymentDetail, 'deployment' | 'blueprint' | 'waiting'>
  failure?: Failure | undefined
}

/** Before it is stopped: what that does, and who lets it run again. */
export function StopDeployment({ detail: { deployment, blueprint, waiting }, failure }: StopProps): View {
  const path = `/deployments/${deployment}`
  return (
    <Form action={`${path}/stop`} submit="Stop it" danger cancel={{ label: 'Cancel', href: path }} failure={failure}>
      <h2>{`Stop ${blueprint}?`}</h2>
      <p>
        What it has taken in is written to its end, then its process ends. Nothing is lost: started again, it goes on
        where it was.
      </p>
      {waiting !== undefined && <p>{`Version ${waiting.version}, which waits for approval, is dropped.`}</p>}
      <p>Only an owner of this Runtime lets it run again, and a new version of it waits for approval.</p>
    </Form>
  )
}

/** Its process: what it holds of what it may, and what it has refused. */
export function WorkerFacts({ detail: { deployment, worker, deadLetters } }: { detail: DeploymentDetail }): View {
  const letters =
    deadLetters === 0 ? 'none waits' : deadLetters === 1 ? '1 record waits' : `${grouped(deadLetters)} records wait`
  return (
    <Facts
      rows={[
        ['Refused', <a href={`/deployments/${deployment}/dead-letters`}>{letters}</a>],
        ['Memory', worker?.pid === undefined ? 'no worker runs' : <Memory worker={worker} />],
        ['Restarts', String(worker?.restarts ?? 0)],
      ]}
    />
  )
}

function Memory({ worker }: { worker: NonNullable<DeploymentDetail['worker']> }): View {
  const { rssBytes, memoryBytesMax } = worker
  return (
    <>
      <ByteCount value={rssBytes} /> of <ByteCount value={memoryBytesMax} />
      {` (${Math.round((rssBytes / memoryBytesMax) * 100)} %), beyond which it is started anew`}
    </>
  )
}

/** The shared view's props. A component that its worker has not told of yet shows the deployment's own state. */
export function deploymentViewProps(detail: DeploymentDetail, nowMs: number): DeploymentViewProps {
  const told = new Map(detail.components.map((component) => [component.name, component]))
  const components = detail.wiring.map(({ name, type, from }): ComponentView => {
    const place = { name, type, system: detail.system, from }
    const counts = told.get(name)
    return counts ? { ...counts, ...place } : { ...place, ...NOTHING_YET, state: detail.state }
  })
  return {
    ...{ id: detail.deployment, version: detail.version, state: detail.state, nowMs },
    // What waits says above what it adds.
    reasons: detail.state === 'awaiting-approval' ? [] : detail.reasons,
    sinceMs: detail.changedAtMs,
    ...drawn(detail, components),
    finished: detail.finished,
    bridges: detail.bridges.map(
      ({ since, ...bridge }): BridgeView => ({
        ...{ ...bridge, id: bridge.bridge, peer: bridge.peerName },
        sinceMs: since === undefined ? undefined : Date.parse(since),
      }),
    ),
    peers: detail.peers.map(({ since, ...peer }) => ({ ...peer, sinceMs: Date.parse(since) })),
  }
}

/** The other ends of its bridges stand in lanes of their Runtimes: before ours what comes in, after it what goes out. */
function drawn(
  { system, bridges }: DeploymentDetail,
  components: readonly ComponentView[],
): Pick<DeploymentViewProps, 'systems' | 'components' | 'remotes'> {
  const lanes = (direction: 'in' | 'out') =>
    new Map(
      bridges
        .filter((bridge) => bridge.direction === direction)
        .map(({ peer, peerName }) => [peer, { name: peer, label: peerName }]),
    )
  const remotes = bridges.flatMap(({ direction, peer, from, to }): FlowRemote[] =>
    direction === 'in'
      ? [{ name: from, system: peer, from: [] }]
      : to.map((name) => ({ name, system: peer, from: [from] })),
  )
  const [before, after] = [lanes('in'), lanes('out')]
  for (const peer of before.keys()) after.delete(peer)
  return { systems: [...before.values(), { name: system }, ...after.values()], components, remotes: joined(remotes) }
}

/** A component that several bridges reach is one, with all that it takes from. */
function joined(remotes: readonly FlowRemote[]): FlowRemote[] {
  const byName = new Map<string, FlowRemote>()
  for (const remote of remotes) {
    const from = [...(byName.get(remote.name)?.from ?? []), ...remote.from]
    byName.set(remote.name, { ...remote, from: [...new Set(from)] })
  }
  return [...byName.values()]
}

const NOTHING_YET = {
  ...{ messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0 },
  ...{ errors: 0, retries: 0, refused: 0, executionMs: 0 },
}

type WaitsProps = { deployment: string; waiting: NonNullable<DeploymentDetail['waiting']> }

/** That something waits, and the way to all that there is to look at before deciding. */
function Waits({ deployment, waiting }: WaitsProps): View {
  const items = Object.values(waiting.adds).flat().length
  return (
    <section class="card gate" aria-labelledby="approval-title">
      <h2 id="approval-title">{`Version ${waiting.version} waits for approval`}</h2>
      <p>{`It adds ${items === 1 ? 'one thing' : `${items} things`} to what was approved before. Nothing of it runs before.`}</p>
      <a class="button" href={`/deployments/${deployment}/approval`}>
        Review
      </a>
    </section>
  )
}
