/** The indexes of a dataset: shown with its settings, and the forms that declare and remove one. */
import type { FailedForm } from '../../server/mod.ts'
import { Facts, Form, Id, Notice, State, Table, TextArea, type View } from '../../web/mod.ts'
import type { DatasetIndex } from '../../wire/mod.ts'

export function IndexesShown(props: { indexes: readonly DatasetIndex[]; path: string; isOwner: boolean }): View {
  const { indexes, path, isOwner } = props
  return (
    <>
      <Table
        id="indexes"
        title="Indexes"
        columns={[{ title: 'Fields' }, { title: 'State' }, { title: 'Id' }, ...(isOwner ? [{ title: '' }] : [])]}
        rows={indexes.map(({ id, fields, state }) => ({
          cells: [
            fields.join(', '),
            state === 'ready' ? <State state="running" word="ready" /> : <State state="draining" word="building" />,
            <Id value={id} label="id of the index" />,
            ...(isOwner
              ? [
                  <a
                    class="button quiet"
                    href={removalPath(path, id)}
                    aria-label={`Remove the index over ${fields.join(', ')}`}
                  >
                    Remove
                  </a>,
                ]
              : []),
          ],
        }))}
        empty="None. An index makes queries quick that ask for values of its fields, or come in their order."
      />
      {isOwner && (
        <nav class="acts" aria-label="Indexes">
          <a class="button quiet" href={newIndexPath(path)}>
            New index
          </a>
        </nav>
      )}
    </>
  )
}

/** Of the form that declares one. */
function newIndexPath(path: string): string {
  return `${path}/indexes/new`
}

function removalPath(path: string, index: string): string {
  return `${path}/indexes/${index}/remove`
}

export function IndexForm(props: FailedForm & { path: string; fields: string | undefined }): View {
  const { path, fields, failure, errors } = props
  return (
    <>
      <Notice kind="warn">
        Each index makes imports a little slower. It is built of the records that are there, while others use them.
      </Notice>
      <Form
        action={newIndexPath(path)}
        submit="Declare the index"
        failure={failure}
        cancel={{ label: 'Cancel', href: `${path}/settings` }}
      >
        <TextArea
          name="fields"
          label="Fields of the index"
          value={fields}
          error={errors['fields']}
          help="One to three names, one on each line: first those whose values queries give, then those in whose order they ask."
        />
      </Form>
    </>
  )
}

export function IndexRemoval({ path, index, failure }: FailedForm & { path: string; index: DatasetIndex }): View {
  return (
    <>
      <section class="card form" aria-label="Index">
        <Facts rows={[['Fields', index.fields.join(', ')]]} />
      </section>
      <Form
        action={removalPath(path, index.id)}
        submit="Remove the index"
        failure={failure}
        cancel={{ label: 'Cancel', href: `${path}/settings` }}
      >
        <Notice kind="warn">
          Queries by its fields look through all records from then on. No record goes with it.
        </Notice>
      </Form>
    </>
  )
}
