/** Tells people by mail. Nothing is said to a server that has not proved itself: TLS from the first byte, or STARTTLS before all else. */
import { rootCertificates } from 'node:tls'
import { Cancelled } from '../base/mod.ts'
import type { ChannelSettings } from './channels.ts'
import { AlertMailFailed } from './errors.ts'

type Mail = Extract<ChannelSettings, { kind: 'mail' }>
export type MailMessage = { id: string; subject: string; text: string }

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
  try {
    const messageId = `<${id}@${from.split('@')[1] ?? 'sluice'}>`
    const mail = { from, to, messageId, subject: subject.replace(LINE_ENDS, ' '), text }
    await transport.sendMail({ ...mail, signal })
  } catch (cause) {
    if (signal.aborted) throw new Cancelled('a mail was given up', { cause })
    throw failureOf(host, cause)
  } finally {
    transport.close()
  }
}

/** Says what to mend, without what the server said: it may repeat what it was told. */
function failureOf(host: string, cause: unknown): AlertMailFailed {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (/CERT|SIGNATURE|ISSUER|ALTNAME|ETLS|EREQUIRETLS/.test(code) || isTlsVerdict(cause))
    return new AlertMailFailed('alert.mail_untrusted', `the mail server ${host} did not prove itself by TLS (${code})`)
  if (/AUTH/.test(code)) return new AlertMailFailed('alert.mail_login', `the mail server ${host} refused the login`)
  if (/EENVELOPE|EMESSAGE/.test(code))
    return new AlertMailFailed('alert.mail_refused', `the mail server ${host} refused the mail`)
  return new AlertMailFailed(
    'alert.mail_unreachable',
    `the mail server ${host} cannot be reached (${code || 'it broke off'})`,
  )
}

function isTlsVerdict(cause: unknown): boolean {
  return cause instanceof Error && /certificate|self.signed/i.test(cause.message)
}
