/** `/v1/certificate`: which certificate a server shows, and the owner's own in its place. */
import * as v from 'valibot'
import { recorded, type Trail } from '../audit/mod.ts'
import { rfc3339 } from '../base/mod.ts'
import { AcmeSettings, type BroughtCertificate, type Certificates } from '../certificates/mod.ts'
import { CERTIFICATE_TEXT_LENGTH_MAX, type CertificateFacts, PKCS12_BYTES_MAX } from '../crypto/mod.ts'
import { ApiRoutes } from './api.ts'
import { Instant } from './inputs.ts'

export type CertificateRoutesDeps = { certificates: Certificates; trail: Pick<Trail, 'record'> }

const Facts = v.object({
  ...{ subject: v.string(), issuer: v.string(), names: v.array(v.string()) },
  ...{ validFrom: Instant, validTo: Instant },
  /** SHA-256 over the certificate, `AA:BB:…`. */
  fingerprint: v.string(),
  ...{ key: v.string(), selfSigned: v.boolean() },
})
const View = v.object({
  /** What those are shown who ask for the public host. */
  shown: Facts,
  /** The leaf under the server's own authority. */
  own: Facts,
  installed: v.nullable(
    v.object({
      ...Facts.entries,
      source: v.picklist(['owner', 'acme']),
      ...{ setBy: v.string(), setAt: Instant, coversHost: v.boolean() },
    }),
  ),
  acme: v.nullable(
    v.object({
      ...{ directory: v.string(), contact: v.nullable(v.string()), names: v.array(v.string()), port: v.number() },
      state: v.picklist(['ordering', 'waiting']),
      nextAt: Instant,
      lastFailure: v.nullable(v.object({ code: v.string(), words: v.string(), at: Instant })),
    }),
  ),
  warnings: v.array(
    v.object({ code: v.string(), level: v.picklist(['warn', 'bad']), daysLeft: v.nullable(v.number()) }),
  ),
})

/** The key and the passphrase go in and never come out. */
const Brought = v.strictObject({
  certificate: v.optional(v.pipe(v.string(), v.maxLength(CERTIFICATE_TEXT_LENGTH_MAX))),
  key: v.optional(v.pipe(v.string(), v.maxLength(CERTIFICATE_TEXT_LENGTH_MAX))),
  /** A PKCS#12 file in base64. */
  pkcs12: v.optional(v.pipe(v.string(), v.maxLength(Math.ceil(PKCS12_BYTES_MAX / 3) * 4), v.base64())),
  passphrase: v.optional(v.pipe(v.string(), v.maxLength(1_024))),
  insist: v.optional(v.boolean()),
})
/** Chain, key and PKCS#12 file, each at its longest, with the escapes of JSON or of a form. */
export const BROUGHT_BYTES_MAX = 1_048_576

export function certificateRoutes(deps: CertificateRoutesDeps): ApiRoutes {
  const view = async () => certificateAsJson(deps.certificates)
  return new ApiRoutes('Certificate')
    .get('/', { summary: 'The certificate that is shown, and what is due.', role: 'viewer', answer: View }, view)
    .put(
      '/',
      {
        summary: 'Takes a certificate of the owner’s own into use, after all checks, from the next connection on.',
        ...{ role: 'owner', fresh: true, body: Brought, bodyBytesMax: BROUGHT_BYTES_MAX, answer: View },
      },
      async ({ body, actor }) => {
        const { pkcs12, ...texts } = body
        await setCertificate(deps, { ...texts, ...(pkcs12 !== undefined && { pkcs12: fromBase64(pkcs12) }) }, actor)
        return view()
      },
    )
    .delete(
      '/',
      {
        summary: 'Goes back to the self-signed certificate; forgets the key, and what is fetched by ACME.',
        ...{ role: 'owner', fresh: true, answer: View },
      },
      async ({ actor }) => {
        await removeCertificate(deps, actor)
        return view()
      },
    )
    .put(
      '/acme',
      {
        summary:
          'Fetches certificates by ACME (RFC 8555, http-01): the first one at once, the next at two thirds of its life.',
        ...{ role: 'owner', fresh: true, body: AcmeSettings, answer: View, status: 202 },
      },
      async ({ body, actor }) => {
        await useAcme(deps, body, actor)
        return view()
      },
    )
}

/** Refuses with one of the `certificate.…` errors. */
export function setCertificate(
  { certificates, trail }: CertificateRoutesDeps,
  brought: BroughtCertificate,
  actor: string,
): Promise<void> {
  const detail = { form: brought.pkcs12 === undefined ? 'pem' : 'pkcs12', insist: brought.insist === true }
  const act = { actor, action: 'certificate.set', subject: 'server', detail }
  return recorded(trail, act, () => certificates.set(brought, actor))
}

/** Refuses `certificate.none`. */
export function removeCertificate({ certificates, trail }: CertificateRoutesDeps, actor: string): Promise<void> {
  return recorded(trail, { actor, action: 'certificate.removed', subject: 'server' }, () => certificates.remove())
}

/** Refuses `acme.name_unfit`. */
export function useAcme({ certificates, trail }: CertificateRoutesDeps, settings: AcmeSettings, actor: string) {
  const detail = { directory: settings.directory, names: settings.names.join(' ') }
  const act = { actor, action: 'certificate.acme_set', subject: 'server', detail }
  return recorded(trail, act, () => certificates.useAcme(settings, actor))
}

function certificateAsJson(certificates: Certificates) {
  const { shown, own, installed, acme, warnings } = certificates.view()
  return {
    ...{ shown: factsAsJson(shown), own: factsAsJson(own) },
    installed: installed
      ? {
          ...factsAsJson(installed),
          ...{ source: installed.source, setBy: installed.setBy, coversHost: installed.coversHost },
          setAt: rfc3339(installed.setAtMs),
        }
      : null,
    acme: acme
      ? {
          ...{ directory: acme.directory, contact: acme.contact ?? null, names: acme.names, port: acme.port },
          ...{ state: acme.state, nextAt: rfc3339(acme.nextAtMs) },
          lastFailure: acme.lastFailure
            ? { code: acme.lastFailure.code, words: acme.lastFailure.words, at: rfc3339(acme.lastFailure.atMs) }
            : null,
        }
      : null,
    warnings: warnings.map(({ code, level, daysLeft }) => ({ code, level, daysLeft: daysLeft ?? null })),
  }
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, 'base64'))
}

function factsAsJson({
  validFromMs,
  validToMs,
  subject,
  issuer,
  names,
  fingerprint,
  key,
  selfSigned,
}: CertificateFacts) {
  const times = { validFrom: rfc3339(validFromMs), validTo: rfc3339(validToMs) }
  return { subject, issuer, names, ...times, fingerprint, key, selfSigned }
}
