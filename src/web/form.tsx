/** Forms: one column, label above, help below, the error beside its field in words, and what was typed kept. Secrets are never kept. */
import type { Child } from 'hono/jsx'
import { formatBytes } from './format.ts'
import type { View } from './view.ts'
import { sentence, Words } from './words.tsx'

/** What went wrong with a form as a whole; see `formFailure`. */
export type Failure = { message: string; advice?: string | undefined }

/** Name → its value, or all of them. */
export type HiddenFields = Readonly<Record<string, string | readonly string[]>>

export type FormProps = {
  action: string
  /** What its button does: `Create credential`. */
  submit: string
  /** For acts that take something away. */
  danger?: boolean
  failure?: Failure | undefined
  /** With a `FileField`. */
  multipart?: boolean
  /** Words that are sent along unseen; several of one name are sent one by one. */
  hidden?: HiddenFields
  cancel?: { label: string; href: string }
  children?: Child
}

/** A form that posts, in a card. */
export function Form(props: FormProps): View {
  const enctype = props.multipart ? 'multipart/form-data' : undefined
  return (
    <form class="card form" method="post" action={props.action} enctype={enctype}>
      {props.failure !== undefined && <FormError {...props.failure} />}
      {Object.entries(props.hidden ?? {}).flatMap(([name, values]) =>
        [values].flat().map((value) => <input type="hidden" name={name} value={value} />),
      )}
      {props.children}
      <div class="acts">
        <button type="submit" class={props.danger ? 'button danger' : 'button'}>
          {props.submit}
        </button>
        {props.cancel !== undefined && (
          <a class="button quiet" href={props.cancel.href}>
            {props.cancel.label}
          </a>
        )}
      </div>
    </form>
  )
}

/** What went wrong with the form as a whole; read out when the page opens. */
export function FormError(props: Failure): View {
  return (
    <div class="notice bad" role="alert">
      <div>
        <b>
          <Words text={sentence(props.message)} />
        </b>
        {props.advice !== undefined && (
          <p>
            <Words text={props.advice} />
          </p>
        )}
      </div>
    </div>
  )
}

/** What every field has. `name` is also its id: unique on the page. */
export type FieldFrame = {
  name: string
  label: string
  help?: Child
  error?: string | undefined
}

export type FieldProps = FieldFrame & {
  type?: 'text' | 'password' | 'search' | 'number' | 'url' | 'email' | 'date' | 'datetime-local'
  /** What was typed before, or the default. Ignored for secrets, which never come back. */
  value?: string | undefined
  placeholder?: string
  autocomplete?: string
  inputmode?: 'numeric'
  required?: boolean
  autofocus?: boolean
  readonly?: boolean
  lengthMin?: number
  lengthMax?: number
}

/** One field of one line. Secrets get a button that shows them while they are typed. */
export function Field(props: FieldProps): View {
  const secret = props.type === 'password'
  return (
    <Framed {...props}>
      <span class="input">
        <input
          id={props.name}
          name={props.name}
          type={props.type ?? 'text'}
          value={secret ? undefined : props.value}
          placeholder={props.placeholder}
          autocomplete={props.autocomplete ?? 'off'}
          inputmode={props.inputmode}
          required={props.required}
          autofocus={props.autofocus}
          readonly={props.readonly}
          minlength={props.lengthMin}
          maxlength={props.lengthMax}
          spellcheck={false}
          autocapitalize="none"
          {...describedBy(props)}
        />
        {secret && (
          <button type="button" class="reveal" data-reveal={props.name} aria-pressed="false">
            Show
          </button>
        )}
      </span>
    </Framed>
  )
}

/** The name of something that is made, where a form begins; 64 characters at most. */
export function NameField(props: { value: string | undefined; error: string | undefined; help: Child | false }): View {
  const help = props.help === false ? undefined : props.help
  return <Field name="name" label="Name" required autofocus lengthMax={64} {...{ ...props, help }} />
}

/** Several lines: PEM, a policy, a script. With `secret` what was typed does not come back. Browsers send lines ended by CR LF. */
export function TextArea(
  props: FieldFrame & {
    value?: string | undefined
    rows?: number
    secret?: boolean
    required?: boolean
    readonly?: boolean
    lengthMax?: number
  },
): View {
  return (
    <Framed {...props}>
      <textarea
        id={props.name}
        name={props.name}
        rows={props.rows ?? 8}
        required={props.required}
        readonly={props.readonly}
        maxlength={props.lengthMax}
        autocomplete="off"
        spellcheck={false}
        autocapitalize="none"
        {...describedBy(props)}
      >
        {/* The first line break after the tag is not part of the value. */}
        {`\n${props.secret ? '' : (props.value ?? '').replace(/\r\n?/g, '\n')}`}
      </textarea>
    </Framed>
  )
}

/** One of several. */
export type Option = { value: string; label: string }

/** One of several, folded. */
export function Select(
  props: FieldFrame & { options: readonly Option[]; value?: string | undefined; required?: boolean },
): View {
  return (
    <Framed {...props}>
      <select id={props.name} name={props.name} required={props.required} {...describedBy(props)}>
        {props.options.map((option) => (
          <option value={option.value} selected={option.value === props.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Framed>
  )
}

/** A yes that is not ticked beforehand unless `checked`. Read by `checkField`. */
export function Check(props: FieldFrame & { checked?: boolean; required?: boolean }): View {
  return (
    <div class={props.error === undefined ? 'field' : 'field wrong'}>
      <label class="check">
        <input
          type="checkbox"
          id={props.name}
          name={props.name}
          value="yes"
          checked={props.checked}
          required={props.required}
          {...describedBy(props)}
        />
        <span>{props.label}</span>
      </label>
      <Below {...props} />
    </div>
  )
}

/** One file, in a form that is `multipart`; read by `readUpload`. `accept` as in HTML: `.pem,.crt`. */
export function FileField(props: FieldFrame & { accept?: string; bytesMax?: number; required?: boolean }): View {
  const bound = props.bytesMax === undefined ? '' : `At most ${formatBytes(props.bytesMax)}. `
  const help = bound === '' && props.help === undefined ? undefined : [bound, props.help ?? '']
  return (
    <Framed {...props} help={help}>
      <input
        type="file"
        id={props.name}
        name={props.name}
        accept={props.accept}
        required={props.required}
        {...describedBy({ ...props, help })}
      />
    </Framed>
  )
}

function Framed(props: FieldFrame & { children?: Child }): View {
  return (
    <div class={props.error === undefined ? 'field' : 'field wrong'}>
      <label for={props.name}>{props.label}</label>
      {props.children}
      <Below {...props} />
    </div>
  )
}

function Below(props: FieldFrame): View {
  return (
    <>
      {props.error !== undefined && (
        <p class="error" id={`${props.name}-error`}>
          <Words text={props.error} />
        </p>
      )}
      {props.help !== undefined && (
        <p class="help" id={`${props.name}-help`}>
          {props.help}
        </p>
      )}
    </>
  )
}

function describedBy({ name, error, help }: FieldFrame): { 'aria-invalid'?: 'true'; 'aria-describedby'?: string } {
  const ids = [error !== undefined && `${name}-error`, help !== undefined && `${name}-help`]
  const told = ids.filter((id) => typeof id === 'string').join(' ')
  return { ...(error !== undefined && { 'aria-invalid': 'true' }), ...(told !== '' && { 'aria-describedby': told }) }
}
