/** The Runtimes whose bridges this one accepts: who they are, how an introduction goes over, what two owners compare. */
import {
  Ago,
  CopyButton,
  Empty,
  Facts,
  type Failure,
  type FieldErrors,
  Form,
  Id,
  Notice,
  Table,
  TextArea,
  type View,
} from '../../web/mod.ts'
import type { Peer } from '../state/peers.ts'

/** A bridge as the list of peers shows it. */
export type PeerBridge = { peer: string; state: string; blueprint: string; deployment: string }

export type PeersProps = {
  peers: readonly Peer[]
  /** Rows that something else wrote: they count for nothing. */
  notAuthentic: readonly string[]
  bridges: readonly PeerBridge[]
  mayIntroduce: boolean
  mayChange: boolean
  nowMs: number
}

export function PeersPage(props: PeersProps): View {
  const { peers, notAuthentic, mayChange, mayIntroduce } = props
  return (
    <>
      {notAuthentic.map((runtime) => (
        <Notice kind="bad">
          {`What is kept of ${runtime} was not written by Sluice. No bridge is made with it. `}
          {mayChange && <a href={`/peers/${runtime}/remove`}>Remove it</a>}
        </Notice>
      ))}
      {peers.length === 0 ? (
        <Empty
          title="No peers yet"
          teaches="Records cross to another Runtime only when both owners have accepted each other. Introduce this Runtime, and accept the introduction that you get back."
          command="sluice peer introduce"
        />
      ) : (
        <Accepted {...props} />
      )}
      <nav class="acts" aria-label="Introductions">
        {mayIntroduce && (
          <form method="post" action="/peers/introduce">
            <button type="submit" class="button quiet">
              Introduce this Runtime
            </button>
          </form>
        )}
      </nav>
    </>
  )
}

function Accepted({ peers, bridges, mayChange, nowMs }: PeersProps): View {
  return (
    <Table
      id="peers"
      title="Accepted"
      columns={[
        { title: 'Name' },
        { title: 'Fingerprint' },
        { title: 'Bridges to' },
        { title: 'Used by' },
        { title: 'Accepted' },
        { title: '' },
      ]}
      rows={peers.map((peer) => ({
        id: peer.runtime,
        cells: [
          <b>{peer.name}</b>,
          <code class="break">{peer.fingerprint}</code>,
          <span class="break">{`${peer.bridgeHost}:${peer.bridgePort}`}</span>,
          <UsedBy bridges={bridges.filter((bridge) => bridge.peer === peer.runtime)} />,
          <Ago at={peer.acceptedAtMs} now={nowMs} />,
          mayChange && (
            <a class="button quiet" href={`/peers/${peer.runtime}/remove`} aria-label={`Remove ${peer.name}`}>
              Remove
            </a>
          ),
        ],
        under: <Id value={peer.runtime} label={`id of ${peer.name}`} />,
      }))}
    />
  )
}

function UsedBy({ bridges }: { bridges: readonly PeerBridge[] }): View {
  if (bridges.length === 0) return <span>nothing</span>
  return (
    <>
      {bridges.map(({ deployment, blueprint, state }, i) => (
        <>
          {i > 0 && ', '}
          <a href={`/deployments/${deployment}`}>{blueprint}</a> {state}
        </>
      ))}
    </>
  )
}

/** This Runtime's own introduction, to be sent to the other owner. */
export function IntroductionPage(props: { introduction: string; fingerprint: string; name: string }): View {
  return (
    <section class="card secret" aria-labelledby="introduction-title">
      <h2 id="introduction-title">{`Introduction of ${props.name}`}</h2>
      <p>
        Send it to the owner of the other Runtime by any way: it holds nothing secret. Then compare the fingerprint by
        another way, a call for example. They accept it with <code>sluice peer accept</code> or on their Peers page.
      </p>
      <div class="secret-value">
        <code>{props.introduction}</code>
        <CopyButton text={props.introduction} label="Copy introduction" />
      </div>
      <Facts rows={[['Fingerprint to compare', <code class="break">{props.fingerprint}</code>]]} />
      <a class="button" href="/peers">
        Done
      </a>
    </section>
  )
}

/** Where an introduction is pasted. */
export function AcceptPage(props: {
  failure?: Failure | undefined
  errors?: FieldErrors
  introduction?: string | undefined
}): View {
  return (
    <Form
      action="/peers/accept"
      submit="Look at it"
      failure={props.failure}
      cancel={{ label: 'Cancel', href: '/peers' }}
    >
      <TextArea
        name="introduction"
        label="Introduction"
        rows={6}
        value={props.introduction}
        error={props.errors?.['introduction']}
        help="As the other owner got it from their Runtime. Nothing is accepted yet: the next page shows whom it is of."
      />
    </Form>
  )
}

/** Whom an introduction is of, before anything is accepted. `known`: an accepted peer has this id already. */
export function ComparePage(props: {
  introduced: Omit<Peer, 'acceptedBy' | 'acceptedAtMs'>
  introduction: string
  known: Peer | undefined
}): View {
  const { introduced, introduction, known } = props
  const changes = known !== undefined && known.fingerprint !== introduced.fingerprint
  return (
    <>
      {changes && (
        <Notice kind="warn">
          {`${known.name} is a peer already, with another fingerprint: ${known.fingerprint}. Its keys are replaced by these.`}
        </Notice>
      )}
      <Form
        action="/peers/accept"
        submit={`Accept ${introduced.name}`}
        hidden={{ introduction, fingerprint: introduced.fingerprint }}
        cancel={{ label: 'Cancel', href: '/peers' }}
      >
        <Facts
          rows={[
            ['Name', introduced.name],
            ['Runtime', <Id value={introduced.runtime} />],
            ['Bridges to', `${introduced.bridgeHost}:${introduced.bridgePort}`],
            ['Fingerprint', <code class="break">{introduced.fingerprint}</code>],
          ]}
        />
        <label class="check">
          <input type="checkbox" required />
          <span>I have compared the fingerprint with its owner, by another way than the introduction came.</span>
        </label>
      </Form>
    </>
  )
}
