/** The certificate that a server shows, what is due with it, and the forms that put another in its place. */
import { nounFor } from '../../base/mod.ts'
import type { CertificatesView, CertificateWarning } from '../../certificates/mod.ts'
import { type CertificateFacts, PKCS12_BYTES_MAX } from '../../crypto/mod.ts'
import {
  Ago,
  Check,
  CopyButton,
  Facts,
  type Failure,
  Field,
  type FieldErrors,
  FileField,
  Form,
  Notice,
  TextArea,
  type View,
} from '../../web/mod.ts'

export type CertificatesProps = {
  /** Address of the page. */
  path: string
  view: CertificatesView
  mayChange: boolean
  nowMs: number
}

export function CertificatesPage({ path, view, mayChange, nowMs }: CertificatesProps): View {
  const { shown, installed, acme, warnings } = view
  return (
    <>
      {warnings.map((warning) => (
        <Notice kind={warning.level}>{wordsOf(warning)}</Notice>
      ))}
      {installed && !installed.coversHost && (
        <Notice kind="warn">
          The installed certificate does not name this server’s public host. For names that it lacks, the self-signed
          one is shown.
        </Notice>
      )}
      <section class="card titled" aria-labelledby="shown">
        <h2 id="shown">{installed ? 'In use, installed by its owner' : 'In use, self-signed'}</h2>
        <CertificateFactsList facts={installed ?? shown} nowMs={nowMs} />
        {!installed && (
          <p>
            It was made at the first start, under this server’s own authority. Browsers do not know that authority:
            compare the fingerprint once with the one that the server printed at its start.
          </p>
        )}
      </section>
      {acme && <Acme acme={acme} nowMs={nowMs} />}
      {mayChange && <Acts path={path} canGoBack={installed !== undefined || acme !== undefined} />}
    </>
  )
}

function CertificateFactsList({ facts, nowMs }: { facts: CertificateFacts; nowMs: number }): View {
  return (
    <Facts
      rows={[
        [
          'Fingerprint (SHA-256)',
          <span class="break">
            <code>{facts.fingerprint}</code> <CopyButton text={facts.fingerprint} label="Copy the fingerprint" />
          </span>,
        ],
        ['For', <span class="break">{facts.names.join(', ') || 'no name'}</span>],
        ['Subject', <span class="break">{facts.subject}</span>],
        ['Issued by', <span class="break">{facts.selfSigned ? 'itself' : facts.issuer}</span>],
        ['Key', facts.key],
        ['Valid from', <Ago at={facts.validFromMs} now={nowMs} />],
        ['Valid until', <Ago at={facts.validToMs} now={nowMs} />],
      ]}
    />
  )
}

function Acme({ acme, nowMs }: { acme: NonNullable<CertificatesView['acme']>; nowMs: number }): View {
  const { lastFailure } = acme
  return (
    <section class="card titled" aria-labelledby="acme">
      <h2 id="acme">Fetched by ACME</h2>
      {lastFailure && <Notice kind="bad">{`${lastFailure.words} (${lastFailure.code})`}</Notice>}
      <Facts
        rows={[
          ['Authority', <span class="break">{acme.directory}</span>],
          ['Names', <span class="break">{acme.names.join(', ')}</span>],
          ['Proof', `HTTP on port ${acme.port}, while an order is under way`],
          ['Next', acme.state === 'ordering' ? 'an order is under way' : <Ago at={acme.nextAtMs} now={nowMs} />],
        ]}
      />
    </section>
  )
}

function Acts({ path, canGoBack }: { path: string; canGoBack: boolean }): View {
  return (
    <nav class="acts" aria-label="Change the certificate">
      <a class="button" href={`${path}/install`}>
        Install a certificate
      </a>
      <a class="button quiet" href={`${path}/install-pkcs12`}>
        Install a PKCS#12 file
      </a>
      <a class="button quiet" href={`${path}/acme`}>
        Fetch by ACME
      </a>
      {canGoBack && (
        <a class="button quiet" href={`${path}/remove`}>
          Go back to the self-signed one
        </a>
      )}
    </nav>
  )
}

export type CertificateFormProps = {
  path: string
  values: Readonly<Record<string, unknown>>
  failure?: Failure | undefined
  errors?: FieldErrors
}

const PASSPHRASE_HELP = 'Leave it empty if the key is not encrypted. It is used once and not kept.'

export function InstallPem({ path, values, failure, errors = {} }: CertificateFormProps): View {
  return (
    <Form action={`${path}/install`} submit="Install" failure={failure} cancel={{ label: 'Cancel', href: path }}>
      <TextArea
        name="certificate"
        label="Certificate chain (PEM)"
        help="The server’s own certificate first, then each authority after the one that it signed."
        value={textOf(values['certificate'])}
        required
        error={errors['certificate']}
      />
      <TextArea
        name="key"
        label="Private key (PEM)"
        help="It is kept sealed and can never be read back."
        secret
        required
        error={errors['key']}
      />
      <Field
        name="passphrase"
        label="Passphrase of the key"
        type="password"
        help={PASSPHRASE_HELP}
        error={errors['passphrase']}
      />
      <Insist checked={values['insist'] === 'yes'} />
    </Form>
  )
}

export function InstallPkcs12({ path, values, failure, errors = {} }: CertificateFormProps): View {
  return (
    <Form
      action={`${path}/install-pkcs12`}
      submit="Install"
      multipart
      failure={failure}
      cancel={{ label: 'Cancel', href: path }}
    >
      <FileField
        name="pkcs12"
        label="PKCS#12 file"
        accept=".p12,.pfx"
        bytesMax={PKCS12_BYTES_MAX}
        required
        error={errors['pkcs12']}
      />
      <Field
        name="passphrase"
        label="Passphrase of the file"
        type="password"
        help={PASSPHRASE_HELP}
        error={errors['passphrase']}
      />
      <Insist checked={values['insist'] === 'yes'} />
    </Form>
  )
}

function Insist({ checked }: { checked: boolean }): View {
  return (
    <Check
      name="insist"
      label="Take it even if it does not name this server’s public host"
      help="For names that it lacks, the self-signed certificate stays in use."
      checked={checked}
    />
  )
}

export function UseAcme({ path, values, failure, errors = {} }: CertificateFormProps): View {
  return (
    <Form action={`${path}/acme`} submit="Fetch" failure={failure} cancel={{ label: 'Cancel', href: path }}>
      <Field
        name="directory"
        label="Directory of the authority"
        type="url"
        help="By going on you agree to the authority’s terms of service."
        value={textOf(values['directory']) || LETS_ENCRYPT}
        required
        error={errors['directory']}
      />
      <Field
        name="names"
        label="DNS names"
        help="Separated by spaces. The authority must reach this server by each of them, on port 80."
        value={textOf(values['names'])}
        required
        error={errors['names']}
      />
      <Field
        name="contact"
        label="Mail address for the authority"
        type="email"
        value={textOf(values['contact'])}
        error={errors['contact']}
      />
      <Field
        name="port"
        label="Port of the proof"
        inputmode="numeric"
        help="Open while an order is under way. Where it is not 80, something must forward port 80 to it."
        value={textOf(values['port']) || '80'}
        required
        error={errors['port']}
      />
      <TextArea
        name="ca"
        label="CA of the directory (PEM)"
        help="Only for an authority of your own; public ones need none."
        rows={4}
        value={textOf(values['ca'])}
        error={errors['ca']}
      />
    </Form>
  )
}

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory'

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function wordsOf({ code, daysLeft = 0 }: CertificateWarning): string {
  if (code === 'certificate.expired') return 'The certificate has expired: browsers and commands refuse this server.'
  if (code === 'certificate.not_yet_valid') return 'The certificate is not valid yet. See whether the clock is right.'
  if (code === 'certificate.renewal_fails') return 'The last attempt to renew it failed; it is tried again by itself.'
  if (code === 'certificate.unusable') return 'The installed certificate cannot be used; the self-signed one is shown.'
  return daysLeft < 1
    ? 'The certificate ends within a day.'
    : `The certificate ends in ${daysLeft} ${nounFor(daysLeft, 'day')}.`
}
