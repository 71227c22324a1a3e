/** The pages of datasets: those of each data tenant, the forms for another, and what one is made of. */

import { roleReaches } from '../../accounts/mod.ts'
import { nounFor } from '../../base/mod.ts'
import type { DangerProps, FailedForm } from '../../server/mod.ts'
import {
  Ago,
  Count,
  Empty,
  Facts,
  Form,
  grouped,
  Id,
  NameField,
  Notice,
  Select,
  Table,
  type TableRow,
  type View,
} from '../../web/mod.ts'
import type {
  ClassChange,
  Dataset,
  DatasetIndex,
  DatasetSummary,
  Retention,
  SearchIndex,
  Shape,
} from '../../wire/mod.ts'
import type { ListedTenant } from '../datasets/access.ts'
import { DatasetFields } from './datasets-fields.tsx'
import { HistoryShown } from './datasets-history.tsx'
import { ImportStateShown } from './datasets-imports.tsx'
import { IndexesShown } from './datasets-indexes.tsx'
import { RetentionShown } from './datasets-retention.tsx'
import { SearchShown } from './datasets-search.tsx'

/** A data tenant and what it keeps; `failure`: why that could not be read. */
export type KeptOf = { tenant: ListedTenant; datasets: readonly DatasetSummary[]; failure?: string }
export type TenantsProps = { tenants: readonly KeptOf[]; mayMakeTenant: boolean; nowMs: number }

const SHAPE_WORDS: Record<Shape, string> = {
  'test-results': 'Test results',
  issues: 'Issues',
  reviews: 'Reviews',
  table: 'Table',
}

export function TenantsPage({ tenants, mayMakeTenant, nowMs }: TenantsProps): View {
  if (tenants.length === 0) return <NoTenants mayMakeTenant={mayMakeTenant} />
  const others = tenants.filter(({ tenant }) => tenant.role === null).map(({ tenant }) => tenant)
  return (
    <>
      {tenants
        .filter(({ tenant }) => tenant.role !== null)
        .map((kept) => (
          <OfTenant {...kept} nowMs={nowMs} />
        ))}
      {others.length > 0 && (
        <Table
          id="others"
          title="Data tenants that you are no member of"
          columns={[{ title: 'Name' }, { title: 'Id' }]}
          rows={others.map(({ id, name }) => ({ cells: [name, <Id value={id} label={`id of ${name}`} />] }))}
        />
      )}
    </>
  )
}

function NoTenants({ mayMakeTenant }: Pick<TenantsProps, 'mayMakeTenant'>): View {
  const teaches =
    'A dataset keeps what pipelines upload: test results, issues, reviews, tables. It belongs to a data tenant, a party whose data nobody but its members sees.'
  if (!mayMakeTenant)
    return (
      <Empty
        title="No datasets"
        teaches={`${teaches} Ask an owner of this Runtime for a data tenant, or an owner of one to make you a member.`}
      />
    )
  return (
    <Empty
      title="No datasets"
      teaches={teaches}
      command="sluice data-tenant create NAME"
      actions={[{ label: 'New data tenant', href: '/datasets/~new' }]}
    />
  )
}

function OfTenant({ tenant, datasets, failure, nowMs }: KeptOf & { nowMs: number }): View {
  const { id, name, role } = tenant
  const path = `/datasets/${id}`
  const mayMake = role !== null && roleReaches(role, 'operator')
  const leadsTo = role === 'owner' ? 'Members, connectors, SQL' : 'Members, connectors'
  const acts = (
    <nav class="acts" aria-label={name}>
      <a class="button quiet" href={path} aria-label={`${leadsTo} of ${name}`}>
        {leadsTo}
      </a>
      {mayMake && (
        <a class="button quiet" href={`${path}/~new`} aria-label={`New dataset of ${name}`}>
          New dataset
        </a>
      )}
    </nav>
  )
  const empty = mayMake ? (
    <>
      No datasets yet. Make one here, or with{' '}
      <code>{`sluice dataset create NAME --data-tenant ${id} --shape test-results`}</code>
    </>
  ) : (
    'No datasets yet. An operator of the data tenant makes the first.'
  )
  return (
    <>
      {failure !== undefined && <Notice kind="bad">{`The datasets of ${name} cannot be read: ${failure}`}</Notice>}
      <Table
        id={id}
        title={name}
        action={acts}
        columns={[
          { title: 'Dataset' },
          { title: 'Shape' },
          { title: 'Records', numeric: true },
          { title: 'Imports', numeric: true },
          { title: 'Last import' },
          { title: 'When' },
        ]}
        rows={datasets.map((dataset) => rowOf(dataset, path, nowMs))}
        empty={failure === undefined ? empty : 'Nothing could be read.'}
      />
    </>
  )
}

function rowOf(
  { id, name, shape, records, imports, lastImport }: DatasetSummary,
  path: string,
  nowMs: number,
): TableRow {
  return {
    href: `${path}/${id}`,
    cells: [
      name,
      SHAPE_WORDS[shape],
      <Count value={records} />,
      <Count value={imports} />,
      lastImport ? <ImportStateShown state={lastImport.state} /> : 'none yet',
      lastImport && <Ago at={lastImport.receivedAtMs} now={nowMs} />,
    ],
  }
}

export function NewTenantForm({ name, failure, errors }: FailedForm & { name: string | undefined }): View {
  return (
    <Form
      action="/datasets/~new"
      submit="Make the data tenant"
      failure={failure}
      cancel={{ label: 'Cancel', href: '/datasets' }}
    >
      <NameField
        value={name}
        error={errors['name']}
        help="Of the party whose data is kept: a team, a customer. It gets a database and keys of its own, and you become its first owner."
      />
    </Form>
  )
}

const SHAPES: { value: Shape; label: string }[] = [
  { value: 'test-results', label: 'Test results: JUnit XML, CTRF' },
  { value: 'issues', label: 'Issues: exports of Jira' },
  { value: 'reviews', label: 'Reviews of an app' },
  { value: 'table', label: 'Table: CSV, JSON, lines of JSON' },
]

export function NewDatasetForm(
  props: FailedForm & { path: string; name: string | undefined; shape: string | undefined },
): View {
  const { path, name, shape, failure, errors } = props
  return (
    <Form
      action={`${path}/~new`}
      submit="Make the dataset"
      failure={failure}
      cancel={{ label: 'Cancel', href: '/datasets' }}
    >
      <NameField
        value={name}
        error={errors['name']}
        // What was refused says the same.
        help={errors['name'] === undefined && 'Lower-case letters, digits, - and _, a letter first.'}
      />
      <Select
        name="shape"
        label="Shape"
        options={SHAPES}
        value={shape}
        error={errors['shape']}
        help="It decides about fields, and which record takes the place of an earlier one. It stays as it is."
      />
    </Form>
  )
}

export type SettingsProps = {
  dataset: Dataset
  changes: readonly ClassChange[]
  retention: Retention
  history: { sinceMs: number | undefined } | undefined
  search: SearchIndex
  indexes: readonly DatasetIndex[]
  path: string
  isOwner: boolean
  nowMs: number
}

export function DatasetSettings(props: SettingsProps): View {
  const { dataset, changes, retention, history, search, indexes, path, isOwner, nowMs } = props
  const { id, shape, createdAtMs, records, imports } = dataset
  return (
    <>
      <section class="card form" aria-label="Facts">
        <Facts
          rows={[
            ['Id', <Id value={id} label="id of the dataset" />],
            ['Shape', SHAPE_WORDS[shape]],
            ['Made', <Ago at={createdAtMs} now={nowMs} />],
            ['Records', grouped(records)],
            ['Imports', grouped(imports)],
          ]}
        />
      </section>
      <RetentionShown {...{ retention, path, isOwner, nowMs }} />
      {history && <HistoryShown {...{ ...history, path, isOwner, nowMs }} />}
      <SearchShown {...{ search, path, isOwner }} />
      <IndexesShown {...{ indexes, path, isOwner }} />
      <DatasetFields {...{ dataset, changes, path, isOwner, nowMs }} />
      {isOwner && (
        <nav class="acts" aria-label="Danger">
          <a class="button danger" href={`${path}/remove`}>
            Remove this dataset
          </a>
        </nav>
      )}
    </>
  )
}

export function datasetRemoval({ dataset, path }: { dataset: Dataset; path: string }): DangerProps {
  const { name, records, imports } = dataset
  return {
    ...{ action: `${path}/remove`, title: `Remove ${name}`, name, submit: 'Remove the dataset' },
    says: `Its ${grouped(records)} ${nounFor(records, 'record')} and the documents of its ${grouped(imports)} ${nounFor(imports, 'import')} are destroyed, and its upload tokens are refused from then on. Only a backup brings them back.`,
    cancel: { label: 'Keep it', href: `${path}/settings` },
  }
}
