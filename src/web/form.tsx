/** Form fields: label above, help below, the error beside the field in words, and what was typed kept. Secrets are never kept. */
import type { Child } from 'hono/jsx'
import type { View } from './view.ts'

export type FieldProps = {
  name: string
  label: string
  type?: 'text' | 'password' | 'search' | 'number' | 'url'
  /** What was typed before, or the default. Ignored for secrets, which never come back. */
  value?: string
  help?: Child
  error?: string | undefined
  autocomplete?: string
  required?: boolean
  autofocus?: boolean
  readonly?: boolean
  lengthMin?: number
  lengthMax?: number
}

/** One field. Secrets get a button that shows them while they are typed. */
export function Field(props: FieldProps): View {
  const secret = props.type === 'password'
  const describedBy = [
    props.error !== undefined && `${props.name}-error`,
    props.help !== undefined && `${props.name}-help`,
  ]
  const ids = describedBy.filter((id) => typeof id === 'string').join(' ')
  return (
    <div class={props.error === undefined ? 'field' : 'field wrong'}>
      <label for={props.name}>{props.label}</label>
      <span class="input">
        <input
          id={props.name}
          name={props.name}
          type={props.type ?? 'text'}
          value={secret ? undefined : props.value}
          autocomplete={props.autocomplete ?? 'off'}
          required={props.required}
          autofocus={props.autofocus}
          readonly={props.readonly}
          minlength={props.lengthMin}
          maxlength={props.lengthMax}
          spellcheck={false}
          autocapitalize="none"
          aria-invalid={props.error === undefined ? undefined : 'true'}
          aria-describedby={ids === '' ? undefined : ids}
        />
        {secret && (
          <button type="button" class="reveal" data-reveal={props.name} aria-pressed="false">
            Show
          </button>
        )}
      </span>
      {props.error !== undefined && (
        <p class="error" id={`${props.name}-error`}>
          {props.error}
        </p>
      )}
      {props.help !== undefined && (
        <p class="help" id={`${props.name}-help`}>
          {props.help}
        </p>
      )}
    </div>
  )
}

/** What went wrong with the form as a whole; read out when the page opens. */
export function FormError(props: { message: string; advice?: string | undefined }): View {
  return (
    <div class="notice bad" role="alert">
      <b>{props.message}</b>
      {props.advice !== undefined && <p>{props.advice}</p>}
    </div>
  )
}
