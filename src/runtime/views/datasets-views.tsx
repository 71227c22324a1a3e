/** The views of a dataset that are kept: as a list, and the forms that save, change and remove one. */
import type { FailedForm, FormValues } from '../../server/mod.ts'
import { Ago, Check, Field, Form, Table, type View } from '../../web/mod.ts'
import type { SavedView } from '../../wire/mod.ts'

/** Of the page of a view, with what was chosen there. */
export function viewHref(path: string, { page, words }: Pick<SavedView, 'page' | 'words'>): string {
  return `${path}${page === 'dashboard' ? '/dashboard' : ''}?${new URLSearchParams(words)}`
}

/** What a page with choices has about views: how to keep what it shows, and what is kept. */
export function ViewActs(props: {
  path: string
  page: SavedView['page']
  words: Readonly<Record<string, string>>
}): View {
  const { path, page, words } = props
  return (
    <nav class="acts" aria-label="Views">
      <a class="button quiet" href={`${path}/views/new?${new URLSearchParams({ page, words: JSON.stringify(words) })}`}>
        Save this view
      </a>
      <a class="button quiet" href={`${path}/views`}>
        Views
      </a>
    </nav>
  )
}

export type ViewsProps = {
  views: readonly SavedView[]
  path: string
  user: string
  mayChangeAll: boolean
  nowMs: number
}

export function ViewsPage({ views, path, user, mayChangeAll, nowMs }: ViewsProps): View {
  return (
    <Table
      {...{ id: 'views', title: 'Views' }}
      columns={['Name', 'Shows', 'For', 'Saved', ''].map((title) => ({ title }))}
      rows={views.map((view) => ({
        href: viewHref(path, view),
        cells: [
          view.name,
          view.page,
          view.isShared ? 'all members' : 'you',
          <Ago at={view.savedAtMs} now={nowMs} />,
          view.user === user || mayChangeAll ? (
            <a class="button quiet" href={`${path}/views/${view.id}`} aria-label={`Change ${view.name}`}>
              Change
            </a>
          ) : null,
        ],
      }))}
      empty="None yet. Choose something on the dashboard or filter the records, and save it under a name."
    />
  )
}

export type ViewFormProps = FailedForm & { path: string; values: FormValues }

/** What was chosen goes along unseen. */
export function NewViewForm({ path, values, failure, errors }: ViewFormProps): View {
  const cancel = { label: 'Cancel', href: `${path}/views` }
  const hidden = { page: values['page'] ?? '', words: values['words'] ?? '' }
  return (
    <Form action={`${path}/views/new`} submit="Save the view" {...{ failure, cancel, hidden }}>
      <ViewFields {...{ values, errors }} />
    </Form>
  )
}

export function ViewForms({ path, view, values, failure, errors }: ViewFormProps & { view: SavedView }): View {
  const own = `${path}/views/${view.id}`
  const shown = Object.keys(values).length > 0 ? values : { name: view.name, ...(view.isShared && { shared: 'yes' }) }
  return (
    <>
      <Form action={own} submit="Change the view" {...{ failure }} cancel={{ label: 'Cancel', href: `${path}/views` }}>
        <ViewFields {...{ values: shown, errors }} />
      </Form>
      <Form action={`${own}/remove`} submit="Remove the view" danger />
    </>
  )
}

function ViewFields({ values, errors }: { values: FormValues; errors: FailedForm['errors'] }): View {
  return (
    <>
      <Field name="name" label="Name" value={values['name'] ?? ''} error={errors['name']} lengthMax={80} required />
      <Check name="shared" label="All members of the data tenant see it" checked={values['shared'] !== undefined} />
    </>
  )
}
