/** Where alerts go: the channels, how each is doing, and the forms that add one. */
import type { ChannelSummary } from '../../alerts/mod.ts'
import {
  Ago,
  Empty,
  type Failure,
  Field,
  type FieldErrors,
  Form,
  grouped,
  Notice,
  SecretOnce,
  Select,
  Table,
  TextArea,
  type View,
} from '../../web/mod.ts'

export type AlertsProps = {
  /** Address of the page. */
  path: string
  channels: readonly ChannelSummary[]
  mayChange: boolean
  mayTest: boolean
  /** What a test just showed. */
  tested?: { channel: string; failure?: Failure | undefined } | undefined
  nowMs: number
}

export function AlertChannels(props: AlertsProps): View {
  const { path, channels, mayChange, tested } = props
  return (
    <>
      {tested !== undefined && <Tested {...tested} />}
      {channels.length === 0 ? (
        <Empty
          title="Nobody is told yet"
          teaches="What is wrong for longer than a minute is told by webhook or mail, and again when it has passed. This server does it by itself, whoever else is gone."
          {...(mayChange && {
            actions: [
              { label: 'Add a webhook', href: `${path}/new/webhook` },
              { label: 'Add mail', href: `${path}/new/mail` },
            ],
          })}
          command="sluice alert add-mail NAME --host … --to …"
        />
      ) : (
        <Channels {...props} />
      )}
      {mayChange && channels.length > 0 && (
        <nav class="acts" aria-label="Add a channel">
          <a class="button quiet" href={`${path}/new/webhook`}>
            Add a webhook
          </a>
          <a class="button quiet" href={`${path}/new/mail`}>
            Add mail
          </a>
        </nav>
      )}
    </>
  )
}

function Tested({ channel, failure }: NonNullable<AlertsProps['tested']>): View {
  if (failure === undefined) return <Notice kind="ok">{`The test reached ${channel}.`}</Notice>
  return <Notice kind="bad">{`The test did not reach ${channel}: ${failure.message} ${failure.advice ?? ''}`}</Notice>
}

function Channels({ path, channels, mayChange, mayTest, nowMs }: AlertsProps): View {
  return (
    <Table
      id="channels"
      title="Channels"
      columns={[{ title: 'Name' }, { title: 'To' }, { title: 'Last told' }, { title: 'State' }, { title: '' }]}
      rows={channels.map((channel) => ({
        id: channel.id,
        cells: [
          <b>{channel.name}</b>,
          <>
            <span class="break">{channel.target}</span> <small>{channel.kind}</small>
          </>,
          channel.lastSentAtMs === null ? 'never' : <Ago at={channel.lastSentAtMs} now={nowMs} />,
          <Doing channel={channel} />,
          <div class="acts">
            {mayTest && (
              <form method="post" action={`${path}/${channel.id}/test`}>
                <button type="submit" class="button quiet" aria-label={`Send a test to ${channel.name}`}>
                  Test
                </button>
              </form>
            )}
            {mayChange && (
              <a class="button quiet" href={`${path}/${channel.id}/remove`} aria-label={`Remove ${channel.name}`}>
                Remove
              </a>
            )}
          </div>,
        ],
      }))}
    />
  )
}

function Doing({ channel: { lastFailure, lastSentAtMs, dropped } }: { channel: ChannelSummary }): View {
  const works = lastSentAtMs === null ? 'not tried yet' : 'works'
  return (
    <>
      {lastFailure === null ? works : <code>{lastFailure}</code>}
      {dropped > 0 && ` · ${grouped(dropped)} never told`}
    </>
  )
}

export type NewChannelProps = {
  path: string
  values: Readonly<Record<string, string>>
  failure?: Failure | undefined
  errors?: FieldErrors
}

const CA_HELP = 'PEM of an authority of your own, if its certificate is not from a public one.'

export function NewWebhook({ path, values, failure, errors = {} }: NewChannelProps): View {
  return (
    <Form
      action={`${path}/new/webhook`}
      submit="Add webhook"
      failure={failure}
      cancel={{ label: 'Cancel', href: path }}
    >
      <Field name="name" label="Name" value={values['name']} error={errors['name']} help="As you call it: team-chat." />
      <Field
        name="url"
        type="url"
        label="URL"
        value={values['url']}
        error={errors['url']}
        help="https only. It gets CloudEvents by POST, signed with a secret that the next page shows once."
      />
      <TextArea name="ca" label="Authority" value={values['ca']} error={errors['ca']} rows={4} help={CA_HELP} />
    </Form>
  )
}

export function NewMail({ path, values, failure, errors = {} }: NewChannelProps): View {
  const field = (name: string) => ({ name, value: values[name], error: errors[name] })
  return (
    <Form action={`${path}/new/mail`} submit="Add mail" failure={failure} cancel={{ label: 'Cancel', href: path }}>
      <Field {...field('name')} label="Name" help="As you call it: operations." />
      <Field {...field('to')} label="To" help="One address, or several with commas; 16 at most." />
      <Field {...field('from')} label="From" type="email" />
      <Field {...field('host')} label="Mail server" />
      <Select
        {...field('security')}
        label="Encryption"
        options={[
          { value: 'tls', label: 'TLS from the first byte (usually port 465)' },
          { value: 'starttls', label: 'STARTTLS, demanded (usually port 587)' },
        ]}
      />
      <Field {...field('port')} label="Port" type="number" value={values['port'] ?? '465'} />
      <Field {...field('username')} label="User name" help="Left empty, there is no login." />
      <Field name="password" label="Password" type="password" error={errors['password']} />
      <TextArea {...field('ca')} label="Authority" rows={4} help={CA_HELP} />
    </Form>
  )
}

/** After a webhook was added. */
export function WebhookSecret({ path, channel, secret }: { path: string; channel: string; secret: string }): View {
  return (
    <SecretOnce
      title="Signing secret"
      secret={secret}
      explains={`${channel} can check with it that an alert is from here: the header webhook-signature is the HMAC-SHA256 of id, time and body (Standard Webhooks).`}
      done={path}
    />
  )
}
