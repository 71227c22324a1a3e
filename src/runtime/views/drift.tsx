/** What the last check found to be otherwise than it was set up, and the owner's word that it is meant to be so. */
import { Ago, Empty, type Failure, Form, FormError, Id, Notice, Table, type View } from '../../web/mod.ts'
import type { DriftCheck, DriftItem } from '../drift/drift.ts'

export type DriftPageProps = {
  check: DriftCheck | undefined
  nowMs: number
  mayAccept: boolean
  /** Why what was found was not put on record. */
  failure?: Failure | undefined
}

/** The page's main action. */
export function CheckNow(): View {
  return (
    <form method="post" action="/settings/drift/check">
      <button type="submit" class="button">
        Check now
      </button>
    </form>
  )
}

export function DriftPage({ check, nowMs, mayAccept, failure }: DriftPageProps): View {
  if (!check) {
    const teaches = 'Once a day this Runtime holds its own state against what was deployed and what its owner set.'
    return (
      <>
        {failure && <FormError {...failure} />}
        <Empty title="Nothing was checked yet" teaches={teaches} command="sluice drift check" />
      </>
    )
  }
  const differing = check.items.filter(({ differs }) => differs)
  const acceptable = differing.filter(({ recorded, hash }) => recorded !== undefined && recorded !== hash)
  return (
    <>
      {failure && <FormError {...failure} />}
      {differing.length === 0 ? (
        <Notice kind="ok">Everything is as it was set up.</Notice>
      ) : (
        <Notice kind="bad">{`Not as it was set up: ${differing.map(({ name }) => name).join(', ')}.`}</Notice>
      )}
      <p>
        Checked <Ago at={check.checkedAtMs} now={nowMs} />. The Platform is told these hashes, and the names of what
        differs.
      </p>
      <Table
        id="drift"
        title="What was looked at"
        columns={[{ title: 'What' }, { title: 'Stands' }, { title: 'Hash' }]}
        rows={check.items.map((item) => ({
          id: `drift-${item.name}`,
          cells: [item.name, stands(item), hashOf(item)],
          under: item.says,
        }))}
      />
      {mayAccept && acceptable.length > 0 && <Accept items={acceptable} />}
    </>
  )
}

function Accept({ items }: { items: readonly DriftItem[] }): View {
  const hidden = Object.fromEntries(items.map(({ name, hash }) => [`found.${name}`, hash]))
  return (
    <Form action="/settings/drift/accept" submit="It is meant to be so" danger hidden={hidden}>
      <h2>Put what was found on record</h2>
      <p>{`From now on ${items.map(({ name }) => name).join(' and ')} is held against what was found here.`}</p>
    </Form>
  )
}

function stands({ differs, faults, recorded, hash }: DriftItem): View {
  if (!differs) return <>as set up</>
  return (
    <>
      <b>otherwise</b>
      {recorded !== undefined && recorded !== hash && ', than what is on record'}
      {faults.map((fault) => (
        <>
          {' '}
          <code>{fault}</code>
        </>
      ))}
    </>
  )
}

function hashOf({ hash, name }: DriftItem): View {
  return <Id value={hash} label={`hash of ${name}`} />
}
