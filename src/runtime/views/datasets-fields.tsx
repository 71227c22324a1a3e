/** The fields of a dataset with their classes, what was decided about these, and the form that decides. */
import type { FailedForm } from '../../server/mod.ts'
import { Ago, Form, Icon, Id, Notice, Select, Table, type View } from '../../web/mod.ts'
import type { ClassChange, ClassifiedField, Dataset, FieldClass } from '../../wire/mod.ts'
import { typePath } from './datasets-reimport.tsx'

export type FieldsProps = {
  dataset: Dataset
  changes: readonly ClassChange[]
  path: string
  isOwner: boolean
  nowMs: number
}

export function DatasetFields({ dataset, changes, path, isOwner, nowMs }: FieldsProps): View {
  return (
    <>
      <Table
        id="fields"
        title="Fields"
        columns={[{ title: 'Name' }, { title: 'Type' }, { title: 'Class' }, ...(isOwner ? [{ title: '' }] : [])]}
        rows={dataset.fields.map((field) => ({
          cells: [
            field.name,
            <TypeShown {...{ dataset, field, path, isOwner }} />,
            <ClassShown of={field.class} />,
            ...(isOwner
              ? [
                  <a
                    class="button quiet"
                    href={classPath(path, field)}
                    aria-label={`Change the class of ${field.name}`}
                  >
                    Change
                  </a>,
                ]
              : []),
          ],
        }))}
        empty="None yet: a table gets its fields from its documents. They are restricted until an owner decides."
      />
      {changes.length > 0 && (
        <Table
          id="decisions"
          title="Decisions about classes"
          feed
          columns={[
            { title: 'Field' },
            { title: 'Decision' },
            { title: 'By' },
            { title: 'When' },
            { title: 'In the audit trail' },
          ]}
          rows={changes.map(({ id, field, from, to, by, atMs }) => ({
            cells: [
              field,
              `from ${from} to ${to}`,
              by,
              <Ago at={atMs} now={nowMs} />,
              <Id value={id} label="id of the decision" />,
            ],
          }))}
        />
      )}
    </>
  )
}

/** Types of a table's fields were told from documents, and an owner may know better. */
function TypeShown(props: Pick<FieldsProps, 'dataset' | 'path' | 'isOwner'> & { field: ClassifiedField }): View {
  const { dataset, field, path, isOwner } = props
  if (!isOwner || dataset.shape !== 'table') return <span>{field.type}</span>
  return (
    <a href={typePath(path, field)} aria-label={`Change the type of ${field.name}, which is ${field.type}`}>
      {field.type}
    </a>
  )
}

function ClassShown({ of }: { of: FieldClass }): View {
  return of === 'public' ? (
    <span>public</span>
  ) : (
    <span class="masked">
      <Icon name="lock" /> restricted
    </span>
  )
}

/** Of the form about one field. */
export function classPath(path: string, { name }: { name: string }): string {
  return `${path}/class?${new URLSearchParams({ field: name })}`
}

const CLASSES = [
  { value: 'restricted', label: 'restricted: only members who are cleared for all fields see values' },
  { value: 'public', label: 'public: every member of the data tenant sees values' },
]

export function ClassForm(
  props: FailedForm & { path: string; field: ClassifiedField; chosen: string | undefined },
): View {
  const { path, field, chosen, failure, errors } = props
  return (
    <>
      <Notice kind="warn">
        It holds from the next query on, for what is already there and for what comes. It stands in the audit trail.
      </Notice>
      <Form
        action={classPath(path, field)}
        submit="Give the class"
        failure={failure}
        cancel={{ label: 'Cancel', href: `${path}/settings` }}
      >
        <Select
          name="class"
          label={`Class of ${field.name}`}
          options={CLASSES}
          value={chosen ?? field.class}
          error={errors['class']}
        />
      </Form>
    </>
  )
}
