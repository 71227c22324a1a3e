/** From where the ports may be reached: a list for each, what it means now, and how it is changed. */
import {
  Ago,
  Check,
  type Failure,
  Field,
  type FieldErrors,
  Form,
  Id,
  Notice,
  Select,
  Table,
  type View,
} from '../../web/mod.ts'
import { DOORS, type Door, type Entry } from '../network/allow-lists.ts'

/** A change that was refused, as it was asked for. */
export type RefusedNetwork = {
  door: Door
  network: string
  remove: boolean
  /** It would exclude whoever asks, and can be forced. */
  excludesYou: boolean
  failure?: Failure | undefined
  errors: FieldErrors
}

export type NetworkProps = {
  lists: Readonly<Record<Door, readonly Entry[]>>
  /** As they are open now; without `ingest` that one is off. */
  ports: Readonly<Record<Door, number>> & { ingest?: number }
  /** The address that the page was asked from. */
  you: string
  mayChange: boolean
  nowMs: number
  refused?: RefusedNetwork
}

const TEXTS: Record<Door, { title: string; says: string }> = {
  management: {
    title: 'Management Interface',
    says: 'The Platform calls this port to deliver deployments: list its addresses too, or they wait.',
  },
  bridges: {
    title: 'Secure Bridges',
    says: 'Peers that dial this Runtime come in here. Bridges that this Runtime dials itself are not held back by it.',
  },
}

export function NetworkPage(props: NetworkProps): View {
  const { refused, you, mayChange } = props
  return (
    <>
      <p>{`Where a list names networks, connections from elsewhere are closed before a byte is read. This machine itself always gets in. You are at ${you}.`}</p>
      {refused?.remove === true && <RefusedRemoval {...refused} />}
      <List door="management" {...props} />
      <List door="bridges" {...props} />
      <Ingest port={props.ports.ingest} />
      {mayChange && <NewNetwork ports={props.ports} refused={refused?.remove ? undefined : refused} />}
    </>
  )
}

function List(props: NetworkProps & { door: Door }): View {
  const { door, mayChange, nowMs } = props
  const { says } = TEXTS[door]
  return (
    <>
      <Table
        id={`network-${door}`}
        title={titleOf(door, props.ports)}
        columns={[{ title: 'Network' }, { title: 'Listed' }, { title: 'By' }, { title: '' }]}
        empty="Every address may connect. From the first network on that you list, nobody else can."
        rows={props.lists[door].map(({ network, addedAtMs, addedBy }) => ({
          cells: [
            <code>{network}</code>,
            <Ago at={addedAtMs} now={nowMs} />,
            <Id value={addedBy} label="user" />,
            mayChange ? <RemoveButton door={door} network={network} /> : '',
          ],
        }))}
      />
      <p class="help">{says}</p>
    </>
  )
}

function titleOf(door: Door, ports: NetworkProps['ports']): string {
  return `${TEXTS[door].title}, port ${ports[door]}`
}

/** It is for those outside, so it has no list: what comes in there shows an upload token, and reaches one dataset. */
function Ingest({ port }: { port: number | undefined }): View {
  return (
    <section aria-labelledby="ingest-title">
      <h2 id="ingest-title">
        {port === undefined ? 'Uploads from outside: off' : `Uploads from outside, port ${port}`}
      </h2>
      <p class="help">
        {port === undefined
          ? 'Start the Runtime with --ingest-port to take uploads from networks that may not reach the Management Interface.'
          : 'Every address may connect: this port takes uploads with an upload token and nothing else.'}
      </p>
    </section>
  )
}

function NewNetwork({ ports, refused }: Pick<NetworkProps, 'ports'> & { refused: RefusedNetwork | undefined }): View {
  const doors = DOORS.map((door) => ({ value: door, label: titleOf(door, ports) }))
  return (
    <Form action="/settings/network" submit="List this network" failure={refused?.failure}>
      <Select name="door" label="Who may connect to" options={doors} value={refused?.door} />
      <Field
        name="network"
        label="Network or address"
        value={refused?.network ?? ''}
        placeholder="10.0.0.0/8"
        error={refused?.errors['network']}
        required
        lengthMax={64}
      />
      {refused?.excludesYou && <Force />}
    </Form>
  )
}

function RemoveButton(props: { door: Door; network: string }): View {
  return (
    <form method="post" action="/settings/network/remove">
      <input type="hidden" name="door" value={props.door} />
      <input type="hidden" name="network" value={props.network} />
      <button type="submit" class="button quiet" aria-label={`Take ${props.network} off the list`}>
        Take off
      </button>
    </form>
  )
}

function RefusedRemoval({ door, network, failure }: RefusedNetwork): View {
  return (
    <>
      <Notice kind="bad">{`${network} stays listed.`}</Notice>
      <Form
        action="/settings/network/remove"
        submit="Take it off all the same"
        danger
        failure={failure}
        hidden={{ door, network }}
        cancel={{ label: 'Keep it', href: '/settings/network' }}
      >
        <Force />
      </Form>
    </>
  )
}

function Force(): View {
  return <Check name="force" label="I can reach this Runtime another way: do it although it excludes me" />
}
