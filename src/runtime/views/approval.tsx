/** A version that waits for its owner: what it adds, what changes, its code, who signed it, and the decision. */
import { Ago, Check, Code, Diff, Facts, Field, Form, Id, Notice, Table, type View } from '../../web/mod.ts'
import type { PartChange, Review, ReviewedCode } from '../approval.ts'
import type { Additions } from '../deployments/needs.ts'

export type ApprovalPageProps = { review: Review; nowMs: number; mayDecide: boolean }

/** What each kind of addition means for its owner, in the order of how much there is to lose. */
const KINDS: readonly { kind: keyof Additions; title: string; means: string }[] = [
  { kind: 'leave', title: 'To run', means: 'Nothing of a deployment runs here before you allowed it.' },
  { kind: 'declassifications', title: 'Fields made public', means: 'They were restricted when you approved last.' },
  { kind: 'code', title: 'Code', means: 'It runs beside your records. Read it below.' },
  { kind: 'credentials', title: 'Credentials', means: 'Lent from the vault, for this use only.' },
  { kind: 'paths', title: 'Files', means: 'Read or written on this machine.' },
  { kind: 'hosts', title: 'Hosts', means: 'Connections that this Runtime makes.' },
  { kind: 'tables', title: 'Tables', means: 'Rows are written there.' },
  { kind: 'peers', title: 'Peers', means: 'Records cross to or from them by a Secure Bridge.' },
  {
    kind: 'flows',
    title: 'What is done to records',
    means: 'Filters, expressions, the order of steps on the way there or how it is written are new. See what changes.',
  },
]

export function ApprovalPage({ review, nowMs, mayDecide }: ApprovalPageProps): View {
  const { signer } = review
  return (
    <>
      {review.against.length > 0 && (
        <Notice kind="bad">
          It cannot run here as it is:{' '}
          {review.against.map(({ code, item }) => (
            <>
              <code>{code}</code> {item ?? ''}{' '}
            </>
          ))}
        </Notice>
      )}
      <div class="card">
        <Facts
          rows={[
            ['Blueprint', `${review.blueprint}, system ${review.system}`],
            ['Version', String(review.version)],
            [
              'In force',
              review.inForce === undefined
                ? 'nothing yet'
                : `version ${review.inForce}, which goes on until you decide`,
            ],
            ['Received', <Ago at={review.receivedAtMs} now={nowMs} />],
            ['Signed by', `${signer.tenantName} at ${signer.platform}`],
            ['Fingerprint', <code>{signer.fingerprint}</code>],
            ['Deployment', <Id value={review.deployment} label="deployment id" />],
          ]}
        />
      </div>
      <Adds adds={review.adds} />
      <Changes changes={review.changes} inForce={review.inForce} />
      {review.code.length > 0 && <Files deployment={review.deployment} code={review.code} />}
      {mayDecide ? <Decisions review={review} /> : <p>An owner of this Runtime decides.</p>}
    </>
  )
}

function Adds({ adds }: { adds: Additions }): View {
  const shown = KINDS.filter(({ kind }) => adds[kind].length > 0)
  return (
    <Table
      id="adds"
      title="What it adds"
      columns={[{ title: 'What' }, { title: 'Which' }]}
      empty="Nothing: it stays within what you approved before."
      rows={shown.map(({ kind, title, means }) => ({
        id: `adds-${kind}`,
        cells: [title, <Items items={adds[kind]} />],
        under: means,
      }))}
    />
  )
}

function Items({ items }: { items: readonly string[] }): View {
  return (
    <>
      {items.map((item) => (
        <div>
          <code>{item}</code>
        </div>
      ))}
    </>
  )
}

function Changes({ changes, inForce }: { changes: readonly PartChange[]; inForce: number | undefined }): View {
  return (
    <>
      <h2>{inForce === undefined ? 'What it is' : `What changes to version ${inForce}`}</h2>
      {changes.length === 0 && <p>Nothing.</p>}
      {changes.map(({ part, before, after }) =>
        before === undefined && after !== undefined ? (
          <Code name={inForce === undefined ? part : `${part}, new`} text={after} />
        ) : (
          <Diff name={after === undefined ? `${part}, removed` : part} before={before ?? ''} after={after ?? ''} />
        ),
      )}
    </>
  )
}

function Files({ deployment, code }: { deployment: string; code: readonly ReviewedCode[] }): View {
  return (
    <>
      <h2>Code</h2>
      {code.map(({ sha256, bytes, components, isNew, text, isCut }) => (
        <>
          <p>
            {`${isNew ? 'New' : 'As in force'}, for ${components.join(', ')}, ${bytes} bytes. SHA-256 `}
            <code>{sha256}</code> <a href={`/v1/deployments/${deployment}/approval/code/${sha256}`}>Download</a>
          </p>
          {isCut && <Notice kind="warn">{cutWords(text)}</Notice>}
          {text === undefined && <p>It is no text.</p>}
          {text && <Code name={components.join(', ')} text={text} />}
        </>
      ))}
    </>
  )
}

function cutWords(text: string | undefined): string {
  const shown = text ? 'Only its beginning is shown' : 'Nothing of it is shown'
  return `${shown}. Download it to read all of it.`
}

function Decisions({ review: { deployment, version, inForce, against } }: { review: Review }): View {
  const hidden = { version: String(version) }
  return (
    <>
      <h2>Your decision</h2>
      {against.length === 0 && (
        <Form {...{ action: `/deployments/${deployment}/approve`, hidden, submit: 'Approve' }}>
          <h3>Approve</h3>
          <p>Allows it, and later versions of this deployment, all that stands above. It starts at once.</p>
        </Form>
      )}
      <Form {...{ action: `/deployments/${deployment}/refuse`, hidden, submit: 'Refuse', danger: true }}>
        <h3>Refuse</h3>
        <p>{inForce === undefined ? 'Nothing of it runs.' : `Version ${inForce} goes on.`}</p>
        <Field name="reason" label="Reason" help="Kept in the audit trail of this Runtime." lengthMax={256} />
        <Check
          name="tell"
          label="Tell the Platform the reason too"
          help="It learns only that you refused, otherwise."
        />
      </Form>
    </>
  )
}
