/** Tells people by mail. Nothing is said to a server that has not proved itself: TLS from the first byte, or STARTTLS before all else. */
import { rootCertificates } from 'node:tls'
import { Cancelled } from '../base/mod.ts'
import type { ChannelSettings } from './channels.ts'
import { AlertMailFailed } from './errors.ts'

type Mail = Extract<ChannelSettings, { kind: 'mail' }>
export type MailMessage = { id: string; subject: string; text: string }

/** Of each step, and of all of them: a server that says a letter every second is silent too. */
const TIMEOUT_MS = 20_000
const LINE_ENDS = /[\r\n]+/g

/**
 * Refuses `alert.mail_…`, and `internal.cancelled` once the signal is aborted: the connection is closed at once, whatever the server
 * does. The id becomes the Message-ID: most servers show a mail that comes twice once.
 */
export async function sendMail(settings: Mail, message: MailMessage, signal: AbortSignal): Promise<void> {
  const { id, subject, text } = message
  const { host, port, security, username, password, from, to, ca } = settings
  // Loaded when the first mail is sent: it would cost every start 3 MB and 15 ms.
  const { createTransport } = await import('nodemailer')
  const transport = createTransport({
    ...{ host, port, secure: security === 'tls', requireTLS: security === 'starttls' },
    tls: { minVersion: 'TLSv1.2', ca: [...rootCertificates, ...(ca === undefined ? [] : [ca])] },
    ...(username !== undefined && { auth: { user: username, pass: password ?? '' } }),
    ...{
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      dnsTimeout: TIMEOUT_MS,
    },
    ...{ disableFileAccess: true, disableUrlAccess: true },
  })
  const late = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const messageId = `<${id}@${from.split('@')[1] ?? 'sluice'}>`
    const mail = { from, to, messageId, subject: subject.replace(LINE_ENDS, ' '), text }
    await transport.sendMail({ ...mail, signal: AbortSignal.any([signal, late]) })
  } catch (cause) {
    if (signal.aborted) throw new Cancelled('a mail was given up', { cause })
    throw failureOf(settings, late.aborted ? late.reason : cause)
  } finally {
    transport.close()
  }
}

/** Says what to mend, without what the server said: it may repeat what it was told. */
function failureOf({ host, port, security }: Mail, cause: unknown): AlertMailFailed {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (/CERT|SIGNATURE|ISSUER|ALTNAME|ETLS|EREQUIRETLS/.test(code) || isTlsVerdict(cause))
    return new AlertMailFailed('alert.mail_untrusted', `the mail server ${host} did not prove itself by TLS (${code})`)
  if (/AUTH/.test(code)) return new AlertMailFailed('alert.mail_login', `the mail server ${host} refused the login`)
  if (/EENVELOPE|EMESSAGE/.test(code))
    return new AlertMailFailed('alert.mail_refused', `the mail server ${host} refused the mail`)
  return new AlertMailFailed(
    'alert.mail_unreachable',
    `the mail server ${host}, port ${port}, cannot be reached: ${unreachable(cause, { code, security })}`,
  )
}

/** nodemailer names most failures of a connection ESOCKET; what the system said stands in their message. */
function unreachable(cause: unknown, { code, security }: { code: string; security: Mail['security'] }): string {
  const said = `${code} ${cause instanceof Error ? cause.message : ''}`
  if (/ECONNREFUSED/.test(said)) return 'nothing listens there. Check the port: 465 for TLS, 587 for STARTTLS'
  if (/ENOTFOUND|EDNS|EAI_AGAIN/.test(said)) return 'its name is not known here. Check the name, and this host’s DNS'
  if (/TIMEDOUT|TimeoutError/i.test(said) || (cause instanceof Error && cause.name === 'TimeoutError'))
    return `it did not answer within ${TIMEOUT_MS / 1_000} s. Check the port and the firewall`
  if (/ESOCKET|wrong version|EPROTO/i.test(said) && security === 'tls')
    return 'it does not speak TLS from the first byte. Try STARTTLS, or port 465'
  return `it broke off${code === '' ? '' : ` (${code})`}. Check the port and the kind of TLS`
}

function isTlsVerdict(cause: unknown): boolean {
  return cause instanceof Error && /certificate|self.signed/i.test(cause.message)
}
