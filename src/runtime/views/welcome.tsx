/** The pages after an owner's first password. */
import { type Failure, Form, TextArea, type View } from '../../web/mod.ts'

export function BeforeRecoveryKey(props: { action: string; later: string }): View {
  return (
    <Form action={props.action} submit="Show the recovery key" cancel={{ label: 'Later', href: props.later }}>
      <h2>First the recovery key</h2>
      <p>
        Everything that this Runtime keeps is encrypted under its master key. The recovery key is the one other way to
        open it. It is shown a single time: have a pen or a password safe at hand.
      </p>
    </Form>
  )
}

export type EnrolByCodeProps = {
  action: string
  later: string
  failure?: Failure | undefined
  error?: string | undefined
}

export function EnrolByCode({ action, later, failure, error }: EnrolByCodeProps): View {
  return (
    <Form action={action} submit="Enrol" failure={failure} cancel={{ label: 'Later', href: later }}>
      <h2>Then the Platform</h2>
      <p>
        A Platform tells this Runtime what to do, and sees none of your data. Whoever runs it makes a code for you
        there, by <code>sluice enrolment-code create</code>.
      </p>
      <TextArea
        name="code"
        label="Enrolment code"
        rows={4}
        required
        secret
        error={error}
        lengthMax={32_768}
        help="It begins with slx_, works once and for a short time. What this Runtime will do still waits for your approval."
      />
    </Form>
  )
}
