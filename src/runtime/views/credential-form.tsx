/** The forms that keep a credential: its kind first, then its fields. What is typed as a value never comes back, whatever goes wrong. */
import type { CredentialSource } from '../../keys/mod.ts'
import { credentialKinds, fieldsOf, KEY_ALGORITHMS, kindOf } from '../../keys/mod.ts'
import {
  type Failure,
  Field,
  type FieldErrors,
  Form,
  Select,
  Table,
  TextArea,
  type View,
  Words,
} from '../../web/mod.ts'
import { addressOf } from './credentials.tsx'

/** Names of the inputs of a field. */
export const VALUE_PREFIX = 'value-'
export const FROM_PREFIX = 'from-'
/** Fields of any names: a line each. */
export const LINES = 'value-lines'

/** Which kind it is to be. */
export function ChooseKind(): View {
  return (
    <Table
      id="kinds"
      title="What is it?"
      columns={[{ title: 'Kind' }, { title: 'What it holds' }]}
      rows={credentialKinds.map(({ kind, title, summary }) => ({
        href: `/credentials/~new?kind=${kind}`,
        cells: [title, summary],
      }))}
    />
  )
}

export type CredentialFormProps = {
  kind: string
  /** Set when one is replaced. */
  replaces?: string | undefined
  /** Where values may come from. */
  sources: readonly CredentialSource[]
  /** Whether the form asks where each value comes from. */
  elsewhere?: boolean | undefined
  /** What was chosen and is no value: the name, and where each field comes from. */
  values?: Readonly<Record<string, unknown>> | undefined
  failure?: Failure | undefined
  errors?: FieldErrors | undefined
}

const SOURCE_LABELS: Record<CredentialSource, string> = {
  environment: 'Name of a variable',
  file: 'Path of a file',
  command: 'Command that prints it',
}

export function CredentialForm({
  kind,
  replaces,
  sources,
  elsewhere = false,
  values = {},
  failure,
  errors = {},
}: CredentialFormProps): View {
  const about = kindOf(kind)
  const cancel = { label: 'Cancel', href: replaces === undefined ? '/credentials' : addressOf(replaces) }
  return (
    <Form action="/credentials/~set" submit="Save" hidden={hiddenOf(kind, replaces)} {...{ failure, cancel }}>
      <p class="help">
        {about.summary}{' '}
        {!elsewhere && sources.length > 0 && about.entries !== undefined && (
          <a href={formAddress(kind, replaces, 'elsewhere')}>
            Take values from a variable, a file or a command instead
          </a>
        )}
      </p>
      {replaces === undefined && <NameField values={values} errors={errors} />}
      {about.entries === undefined ? (
        <TextArea
          name={LINES}
          label="Fields"
          help={<Words text="One `name=value` on each line." />}
          secret
          required
          error={errors[LINES]}
        />
      ) : (
        fieldsOf(about).map((field) => (
          <FieldInputs {...{ field, values, errors }} sources={elsewhere ? sources : []} />
        ))
      )}
    </Form>
  )
}

/** A key that nobody ever sees is the better one. */
export function MakeKeyForm({
  kind,
  replaces,
  values = {},
  failure,
  errors = {},
}: Omit<CredentialFormProps, 'sources'>): View {
  const cancel = { label: 'Cancel', href: replaces === undefined ? '/credentials' : addressOf(replaces) }
  return (
    <Form
      action="/credentials/~generate"
      submit="Make a key"
      hidden={hiddenOf(kind, replaces)}
      {...{ failure, cancel }}
    >
      <p class="help">
        The private key is made in the vault and never leaves it. The public one is shown.{' '}
        <a href={formAddress(kind, replaces, 'own')}>Bring a key of your own instead</a>
      </p>
      {replaces === undefined && <NameField values={values} errors={errors} />}
      <Select
        name="algorithm"
        label="Algorithm"
        options={KEY_ALGORITHMS.map((value) => ({ value, label: value }))}
        value={textOf(values['algorithm']) ?? (kind === 'ssh_key' ? 'ed25519' : 'p-256')}
        error={errors['algorithm']}
      />
      {kind === 'ssh_key' && (
        <Field
          name="username"
          label="User name"
          help="Who signs in with it; may stay empty."
          value={textOf(values['username'])}
          lengthMax={256}
          error={errors['username']}
        />
      )}
    </Form>
  )
}

function hiddenOf(kind: string, replaces: string | undefined): Record<string, string> {
  return { kind, ...(replaces !== undefined && { name: replaces, replaces: 'yes' }) }
}

function NameField({ values, errors }: { values: Readonly<Record<string, unknown>>; errors: FieldErrors }): View {
  return (
    <Field
      name="name"
      label="Name"
      help="As Blueprints call it: letters, digits, - and _."
      value={textOf(values['name'])}
      required
      lengthMax={64}
      error={errors['name']}
    />
  )
}

type FieldInputsProps = {
  field: ReturnType<typeof fieldsOf>[number]
  sources: readonly CredentialSource[]
  values: Readonly<Record<string, unknown>>
  errors: FieldErrors
}

/** The value, and where it is from. One input for both: what is typed for a source is as secret as a value until it is known not to be. */
function FieldInputs({ field, sources, values, errors }: FieldInputsProps): View {
  const name = `${VALUE_PREFIX}${field.name}`
  const label = `${field.name}${field.optional ? ' (may stay empty)' : ''}`
  const common = { name, label, help: <Words text={field.description} />, error: errors[name] }
  // A refresh token is given anew by its server: it can only be kept here.
  const isKeptHere = sources.length === 0 || field.name === 'refreshToken'
  return (
    <>
      {field.lines ? (
        <TextArea {...common} secret rows={6} />
      ) : (
        <Field {...common} type="password" autocomplete="new-password" />
      )}
      {!isKeptHere && (
        <Select
          name={`${FROM_PREFIX}${field.name}`}
          label={`What is typed for ${field.name}`}
          options={[
            { value: 'stored', label: 'The value itself' },
            ...sources.map((value) => ({ value, label: SOURCE_LABELS[value] })),
          ]}
          value={textOf(values[`${FROM_PREFIX}${field.name}`])}
        />
      )}
    </>
  )
}

/** The same form another way: with a key of one's own, or with values from elsewhere. */
function formAddress(kind: string, replaces: string | undefined, way: 'own' | 'elsewhere'): string {
  return replaces === undefined
    ? `/credentials/~new?kind=${kind}&way=${way}`
    : `${addressOf(replaces)}/replace?way=${way}`
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
