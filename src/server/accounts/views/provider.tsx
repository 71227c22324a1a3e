/** The form of an OpenID provider. The client's secret goes in and never comes back. */
import { type Failure, Field, type FieldErrors, Form, Select, TextArea, type View } from '../../../web/mod.ts'

/** What was typed, or is in force, as text; lists are words between spaces, roles `value=role` by lines. */
export type ProviderText = Partial<
  Record<
    | 'label'
    | 'issuer'
    | 'clientId'
    | 'scopes'
    | 'allowedDomains'
    | 'allowedSubjects'
    | 'roleClaim'
    | 'roles'
    | 'defaultRole'
    | 'ca',
    string
  >
>

export type ProviderFormProps = {
  action: string
  cancel: string
  text: ProviderText
  hasSecret: boolean
  /** What has to be entered at the provider. */
  redirectUri: string
  failure?: Failure | undefined
  errors?: FieldErrors
}

const ROLES = [
  { value: '', label: 'None: without a role nobody gets in' },
  { value: 'viewer', label: 'Viewer' },
  { value: 'operator', label: 'Operator' },
  { value: 'owner', label: 'Owner' },
]

export function ProviderForm(props: ProviderFormProps): View {
  const { action, cancel, text, failure, errors = {} } = props
  const field = (name: keyof ProviderText) => ({ name, value: text[name], error: errors[name] })
  return (
    <Form {...{ action, failure }} submit="Set the provider" cancel={{ label: 'Cancel', href: cancel }}>
      <p>
        At the provider, enter this as the redirect address: <code>{props.redirectUri}</code>
      </p>
      <Field {...field('label')} label="Name" required lengthMax={256} help="What the button says: “Sign in with …”." />
      <Field
        {...field('issuer')}
        label="Issuer"
        type="url"
        required
        lengthMax={256}
        placeholder="https://login.example.org/realms/works"
        help="Exactly as the provider names itself."
      />
      <Field {...field('clientId')} label="Client id" required lengthMax={256} />
      <Field
        name="clientSecret"
        label="Client secret"
        type="password"
        error={errors['clientSecret']}
        lengthMax={256}
        help={props.hasSecret ? 'There is one; left empty, it stays.' : 'Left empty for a client without one.'}
      />
      <Field {...field('scopes')} label="Scopes" help="Beside openid, between spaces." lengthMax={1_024} />
      <Field
        {...field('allowedDomains')}
        label="Mail domains that may come"
        lengthMax={1_024}
        placeholder="example.org"
        help="Whoever has a verified address there is made a user at their first sign-in. Left empty, nobody is: link accounts that are there."
      />
      <Field {...field('allowedSubjects')} label="Subjects that may come" lengthMax={1_024} />
      <Field
        {...field('roleClaim')}
        label="Claim that decides the role"
        lengthMax={256}
        placeholder="groups"
        help="Read at each sign-in of users who were made by the provider."
      />
      <TextArea
        {...field('roles')}
        label="Roles by the claim’s values"
        rows={4}
        lengthMax={8_192}
        help="One by line: value=role, such as sluice-operators=operator. The highest counts."
      />
      <Select {...field('defaultRole')} label="Role otherwise" options={ROLES} />
      <TextArea
        {...field('ca')}
        label="Certificate of the provider’s authority"
        rows={4}
        lengthMax={32_768}
        help="PEM, where the provider’s own certificate is not from a public authority."
      />
    </Form>
  )
}
