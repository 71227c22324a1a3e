/** Which fields of a dataset are searched by their words: shown with its settings, and the form that decides. */
import type { FailedForm } from '../../server/mod.ts'
import { Facts, Form, grouped, TextArea, type View } from '../../web/mod.ts'
import type { SearchIndex } from '../../wire/mod.ts'

export function SearchShown({ search, path, isOwner }: { search: SearchIndex; path: string; isOwner: boolean }): View {
  const { state, fields, waiting } = search
  return (
    <section class="card form" aria-label="Search">
      <Facts
        rows={[
          ['Searched by their words', state === 'off' ? 'none: a search looks through all texts' : fields.join(', ')],
          ...(waiting > 0 ? [['Not in the index yet', `${grouped(waiting)} records at most`] as const] : []),
        ]}
      />
      {isOwner && (
        <nav class="acts" aria-label="Search">
          <a class="button quiet" href={searchPath(path)}>
            Change what is searched
          </a>
        </nav>
      )}
    </section>
  )
}

/** Of the form. */
function searchPath(path: string): string {
  return `${path}/search`
}

export function SearchForm(props: FailedForm & { path: string; fields: string | undefined }): View {
  const { path, fields, failure, errors } = props
  return (
    <Form
      action={searchPath(path)}
      submit="Search these"
      failure={failure}
      cancel={{ label: 'Cancel', href: `${path}/settings` }}
    >
      <TextArea
        name="fields"
        label="Fields that are searched by their words"
        value={fields}
        error={errors['fields']}
        help="One name on each line. An index of their words makes a search of many records quick. Empty: no index; a search then looks through the texts of all records."
      />
    </Form>
  )
}
