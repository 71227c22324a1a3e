/** How long a dataset keeps what came to it: shown with its settings, and the form that says it. */
import { nounFor } from '../../base/mod.ts'
import type { FailedForm } from '../../server/mod.ts'
import { Ago, Facts, Field, Form, grouped, Notice, type View } from '../../web/mod.ts'
import type { Retention } from '../../wire/mod.ts'

export function RetentionShown(props: { retention: Retention; path: string; isOwner: boolean; nowMs: number }): View {
  const { retention, path, isOwner, nowMs } = props
  const { recordsDays, documentsDays, removed } = retention
  return (
    <section class="card form" aria-label="Retention">
      <Facts
        rows={[
          ['Records are kept', keptWords(recordsDays)],
          ['Documents are kept', keptWords(documentsDays ?? recordsDays)],
          ...(removed ? [['Removed as too old', <RemovedShown {...{ removed, nowMs }} />] as const] : []),
        ]}
      />
      {isOwner && (
        <nav class="acts" aria-label="Retention">
          <a class="button quiet" href={retentionPath(path)}>
            Change how long
          </a>
        </nav>
      )}
    </section>
  )
}

function RemovedShown({ removed, nowMs }: { removed: NonNullable<Retention['removed']>; nowMs: number }): View {
  const { records, documents, atMs } = removed
  return (
    <>
      {`${grouped(records)} ${nounFor(records, 'record')} and ${grouped(documents)} ${nounFor(documents, 'document')}, `}
      <Ago at={atMs} now={nowMs} />
    </>
  )
}

function keptWords(days: number | null): string {
  return days === null ? 'for ever' : `${grouped(days)} days after they came`
}

/** Of the form. */
export function retentionPath(path: string): string {
  return `${path}/retention`
}

export function RetentionForm(
  props: FailedForm & { path: string; records: string | undefined; documents: string | undefined },
): View {
  const { path, records, documents, failure, errors } = props
  return (
    <>
      <Notice kind="warn">
        What is older goes with the next look, of which there is one a day, and only a backup brings it back. Age is
        counted from when an import was received. Imports stay listed.
      </Notice>
      <Form
        action={retentionPath(path)}
        submit="Keep so long"
        failure={failure}
        cancel={{ label: 'Cancel', href: `${path}/settings` }}
      >
        <DaysField {...{ name: 'recordsDays', label: 'Days that records are kept', value: records, errors }} />
        <DaysField {...{ name: 'documentsDays', label: 'Days that documents are kept', value: documents, errors }} />
      </Form>
    </>
  )
}

const HELP = {
  recordsDays: 'Empty: for ever. With them go what figures and search have of them.',
  documentsDays: 'Empty: as long as records. Without its document an import cannot be read again.',
}

function DaysField(props: {
  name: 'recordsDays' | 'documentsDays'
  label: string
  value: string | undefined
  errors: FailedForm['errors']
}): View {
  const { name, label, value, errors } = props
  return <Field {...{ name, label, value }} error={errors[name]} inputmode="numeric" lengthMax={5} help={HELP[name]} />
}
