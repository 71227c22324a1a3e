/** The pages of credentials: all of them, and one with whoever uses it. Kind, names of fields, times and sources; never a value. */
import type { Child } from 'hono/jsx'
import { kindOf } from '../../keys/mod.ts'
import type { DangerProps } from '../../server/mod.ts'
import {
  Ago,
  CopyButton,
  Empty,
  Facts,
  Id,
  type Listing,
  Notice,
  pageOf,
  Table,
  type TableRow,
  type View,
} from '../../web/mod.ts'
import type { CheckOutcome, CredentialView } from '../credentials/credential-desk.ts'
import type { ComponentUse } from '../deployments/usage.ts'

/** Words by which the list is sorted. */
export const CREDENTIAL_SORTS = ['name', 'kind', 'changed', 'uses'] as const

const TERMS = {
  text: (one: CredentialView) => `${one.name} ${titleOf(one.kind)}`,
  by: {
    name: (one: CredentialView) => one.name,
    kind: (one: CredentialView) => titleOf(one.kind),
    changed: (one: CredentialView) => one.replacedAt ?? one.createdAt,
    uses: (one: CredentialView) => one.uses.length,
  } satisfies Record<(typeof CREDENTIAL_SORTS)[number], unknown>,
}

export type CredentialListProps = {
  credentials: readonly CredentialView[]
  listing: Listing
  mayChange: boolean
  nowMs: number
}

export function CredentialList({ credentials, listing, mayChange, nowMs }: CredentialListProps): View {
  if (credentials.length === 0) {
    return (
      <Empty
        title="No credentials"
        teaches="A credential is a secret that components use by its name. It is sealed here, never leaves, and cannot be read back."
        command="sluice credential set warehouse --kind database_url --field-file url=FILE"
        {...(mayChange && { actions: [{ label: 'New credential', href: '/credentials/~new' }] })}
      />
    )
  }
  const { rows, total } = pageOf(credentials, listing, TERMS)
  return (
    <Table
      id="credentials"
      title="Credentials"
      columns={[
        { title: 'Name', sort: 'name' },
        { title: 'Kind', sort: 'kind' },
        { title: 'Values from' },
        { title: 'Set', sort: 'changed' },
        { title: 'Used by', numeric: true, sort: 'uses' },
      ]}
      rows={rows.map((one) => rowOf(one, nowMs))}
      {...{ listing, total }}
      filterLabel="Filter by name or kind"
    />
  )
}

function rowOf(one: CredentialView, nowMs: number): TableRow {
  const sources = [...new Set(Object.values(one.sources).map(({ from }) => (from === 'stored' ? 'the vault' : from)))]
  return {
    href: addressOf(one.name),
    cells: [
      one.name,
      titleOf(one.kind),
      sources.join(', '),
      <Ago at={one.replacedAt ?? one.createdAt} now={nowMs} />,
      String(one.uses.length),
    ],
  }
}

export type CredentialPageProps = {
  credential: CredentialView
  mayCheck: boolean
  mayChange: boolean
  nowMs: number
  /** What a check came to. */
  checked?: readonly CheckOutcome[] | undefined
  /** Deployments that run anew since it was set a moment ago. */
  restarted?: number | undefined
  /** Names of fields that could not be fetched a moment ago, when it was set. */
  unavailable?: readonly string[] | undefined
  failure?: { message: string; advice?: string | undefined } | undefined
}

export function CredentialPage(props: CredentialPageProps): View {
  const { credential, mayCheck, mayChange, nowMs, checked, restarted, unavailable = [], failure } = props
  const { name, kind, sources, publicFacts, uses } = credential
  return (
    <>
      {restarted !== undefined && <Notice kind="ok">{setWords(restarted)}</Notice>}
      {Object.entries(sources)
        .filter(([field, { from }]) => from !== 'stored' && unavailable.includes(field))
        .map(([field, source]) => (
          <Notice kind="warn">
            {`${field} is not available now from `}
            {sourceWords(source)}
            {'. It is fetched anew at every use: see whether it is there for the user that runs this Runtime.'}
          </Notice>
        ))}
      {failure && <Notice kind="bad">{`${failure.message} ${failure.advice ?? ''}`}</Notice>}
      {checked && <Outcomes checked={checked} />}
      <Section id="facts" title={titleOf(kind)}>
        <Facts
          rows={[
            ...Object.entries(sources).map(([field, source]) => [field, sourceWords(source)] as const),
            ...(publicFacts ? publicRows(publicFacts) : []),
            ['Created', <Ago at={credential.createdAt} now={nowMs} />],
            ['Replaced', credential.replacedAt === null ? 'never' : <Ago at={credential.replacedAt} now={nowMs} />],
            ['Id', <Id value={credential.id} label="Copy the id" />],
          ]}
        />
      </Section>
      <Uses uses={uses} title="Used by" nobody="Nothing that is in force or waits uses it." />
      <div class="acts">
        {mayCheck && uses.length > 0 && (
          <form method="post" action={`${addressOf(name)}/check`}>
            <button type="submit" class="button">
              Check it with what uses it
            </button>
          </form>
        )}
        {mayChange && (
          <>
            <a class="button quiet" href={`${addressOf(name)}/replace`}>
              Replace
            </a>
            <a class="button quiet" href={`${addressOf(name)}/delete`}>
              Delete
            </a>
          </>
        )}
      </div>
    </>
  )
}

/** The form that removes it, and what that would do. */
export function deletionOf({ name, uses }: CredentialView): DangerProps {
  const deployments = new Set(uses.map(({ deployment }) => deployment)).size
  const gone = 'Its values are gone then, and nobody has a copy.'
  const who = deployments === 1 ? 'One deployment uses' : `${deployments} deployments use`
  return {
    action: `${addressOf(name)}/delete`,
    title: `Delete ${name}`,
    says:
      deployments === 0
        ? `Nothing uses it. ${gone}`
        : `${who} it. What runs goes on with what it was lent, and fails at its next start. ${gone}`,
    name,
    submit: 'Delete the credential',
    cancel: { label: 'Cancel', href: addressOf(name) },
  }
}

export function DeleteCredential({ uses, danger }: Pick<CredentialView, 'uses'> & { danger: View }): View {
  return (
    <>
      {danger}
      {uses.length > 0 && <Uses uses={uses} title="What would fail" nobody="" />}
    </>
  )
}

/** Components by deployment; also of libraries. */
export function Uses({ uses, title, nobody }: { uses: readonly ComponentUse[]; title: string; nobody: string }): View {
  return (
    <Table
      id="uses"
      title={title}
      columns={[{ title: 'Deployment' }, { title: 'Component' }, { title: 'Type' }, { title: 'Version' }]}
      rows={uses.map((use) => ({
        href: `/deployments/${use.deployment}`,
        cells: [use.blueprint, use.component, use.type, `${use.version}, ${standingOf(use)}`],
      }))}
      empty={nobody}
    />
  )
}

function standingOf({ waits, ended }: ComponentUse): string {
  if (waits) return 'waits for approval'
  return ended ? 'finished, uses it again when it starts again' : 'in force'
}

/** A titled card. */
export function Section(props: { id: string; title: string; children?: Child }): View {
  return (
    <section class="listing" aria-labelledby={props.id}>
      <div class="listing-head">
        <h2 id={props.id}>{props.title}</h2>
      </div>
      <div class="card">{props.children}</div>
    </section>
  )
}

/** The page of one credential. */
export function addressOf(name: string): string {
  return `/credentials/${encodeURIComponent(name)}`
}

function Outcomes({ checked }: { checked: readonly CheckOutcome[] }): View {
  return (
    <>
      {checked.map(({ deployment, component, type, failure }) => (
        <Notice kind={failure ? 'bad' : 'ok'}>
          <p>
            {component} ({type}) of <a href={`/deployments/${deployment}`}>{deployment}</a>:{' '}
            {failure ? `${failure.code}${failure.item === undefined ? '' : ` ${failure.item}`}` : 'it works'}
          </p>
          {failure?.advice !== undefined && <p>{failure.advice}</p>}
        </Notice>
      ))}
    </>
  )
}

function publicRows({ publicKey, fingerprint }: NonNullable<CredentialView['publicFacts']>) {
  return [
    [
      'Public key',
      <span class="break">
        <code>{publicKey}</code> <CopyButton text={publicKey} label="Copy the public key" small />
      </span>,
    ],
    [
      'Fingerprint',
      <span class="break">
        <code>{fingerprint}</code> <CopyButton text={fingerprint} label="Copy the fingerprint" small />
      </span>,
    ],
  ] as const
}

function sourceWords({ from, name }: { from: string; name?: string }): View {
  if (from === 'stored') return <>sealed in the vault</>
  const words: Record<string, string> = {
    environment: 'the variable',
    file: 'the file',
    command: 'what the command prints:',
  }
  return (
    <span class="break">
      {words[from] ?? from} <code>{name}</code>
    </span>
  )
}

function setWords(restarted: number): string {
  if (restarted === 0) return 'It is kept. It can be used, and not read back.'
  return `It is kept. ${restarted === 1 ? 'One deployment that uses it starts' : `${restarted} deployments that use it start`} anew with it.`
}

function titleOf(kind: string): string {
  try {
    return kindOf(kind).title
  } catch {
    return kind
  }
}
