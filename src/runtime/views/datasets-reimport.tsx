/** Documents that are read again: the form that asks for it, and how far it is. */
import type { FailedForm } from '../../server/mod.ts'
import { Ago, Form, grouped, Notice, Select, type View } from '../../web/mod.ts'
import type { ClassifiedField, FieldType, Reimport } from '../../wire/mod.ts'

/** Where the form is; `one`: an import. */
export function reimportPath(path: string, one: string | undefined): string {
  return `${path}/reimport${one === undefined ? '' : `?${new URLSearchParams({ import: one })}`}`
}

/** The way to have documents read again: of one import, or of all. */
export function ReimportLink({ path, one }: { path: string; one?: string }): View {
  return (
    <a class="button quiet" href={reimportPath(path, one)}>
      {one === undefined ? 'Re-import all' : 'Re-import'}
    </a>
  )
}

/** How far the last one is. */
export function ReimportShown({ reimport, nowMs }: { reimport: Reimport; nowMs: number }): View {
  const { state, total, read, unread, startedAtMs, endedAtMs } = reimport
  const done = `${grouped(read)} of ${grouped(total)} imports are read again`
  return (
    <Notice kind={unread > 0 ? 'warn' : 'ok'}>
      {state === 'running' ? `Re-importing: ${done}; begun ` : `Re-imported: ${done}; ended `}
      <Ago at={endedAtMs ?? startedAtMs} now={nowMs} />
      {unread > 0 &&
        `. The documents of ${grouped(unread)} are not there any more or cannot be read: what they brought stays as it is`}
      .
    </Notice>
  )
}

export function ReimportForm(props: FailedForm & { path: string; one: string | undefined }): View {
  const { path, one, failure } = props
  const which = one === undefined ? 'The documents of all imports are' : 'The document is'
  return (
    <>
      <Notice kind="warn">
        {`${which} read again, as they came. What later imports brought stays, and nothing is doubled. It goes on while uploads are imported. What came with a document that is not there any more stays as it is.`}
      </Notice>
      <Form
        action={reimportPath(path, one)}
        submit="Re-import"
        failure={failure}
        cancel={{ label: 'Cancel', href: `${path}/imports` }}
      />
    </>
  )
}

/** Of the form about one field. */
export function typePath(path: string, { name }: { name: string }): string {
  return `${path}/type?${new URLSearchParams({ field: name })}`
}

const TYPES: { value: FieldType; label: string }[] = [
  { value: 'text', label: 'text: as it came' },
  { value: 'number', label: 'number' },
  { value: 'boolean', label: 'boolean: true or false' },
  { value: 'time', label: 'time: a date, or an instant with its zone' },
  { value: 'json', label: 'json: anything nested' },
]

export function TypeForm(
  props: FailedForm & { path: string; field: ClassifiedField; chosen: string | undefined },
): View {
  const { path, field, chosen, failure, errors } = props
  return (
    <>
      <Notice kind="warn">
        What is there is changed, then all documents are read again. Values that do not fit are kept as text, each with
        a warning at its import.
      </Notice>
      <Form
        action={typePath(path, field)}
        submit="Give the type"
        failure={failure}
        cancel={{ label: 'Cancel', href: `${path}/settings` }}
      >
        <Select
          name="type"
          label={`Type of ${field.name}`}
          options={TYPES}
          value={chosen ?? field.type}
          error={errors['type']}
        />
      </Form>
    </>
  )
}
