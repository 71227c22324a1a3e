/** An act that cannot be taken back: says what will happen, and asks for the name of what it happens to. */
import type { Child } from 'hono/jsx'
import { NotConfirmed } from './errors.ts'
import { type Failure, Field, Form, type HiddenFields } from './form.tsx'
import type { View } from './view.ts'

export type DangerFormProps = {
  /** Where it posts to: the field `typed`, and what is hidden. */
  action: string
  title: string
  /** What will happen, to what, and what will no longer work. */
  says: Child
  /** What has to be typed. */
  name: string
  submit: string
  hidden?: HiddenFields
  failure?: Failure | undefined
  error?: string | undefined
  cancel?: { label: string; href: string }
  /** More fields: the password once more, a reason. */
  children?: Child
}

/** The form; the route that takes it calls `requireTyped`. */
export function DangerForm(props: DangerFormProps): View {
  const { action, submit, failure, hidden, cancel } = props
  const more = { failure, ...(hidden && { hidden }), ...(cancel && { cancel }) }
  return (
    <section class="danger">
      <Form action={action} submit={submit} danger {...more}>
        <h2>{props.title}</h2>
        <div class="says">{props.says}</div>
        {props.children}
        <Field
          name="typed"
          label="Type the name to go on"
          help={
            <>
              It is <code>{props.name}</code>
            </>
          }
          error={props.error}
          required
          lengthMax={256}
        />
      </Form>
    </section>
  )
}

/** Refuses `request.not_confirmed` unless the name was typed as it is; spaces around it do not count. */
export function requireTyped(typed: string, name: string): void {
  if (typed.trim() !== name.trim())
    throw new NotConfirmed('the name that was typed is not the name of what this is about')
}
