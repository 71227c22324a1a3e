/** The pages of certificates. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../accounts/mod.ts'
import type { Clock } from '../base/mod.ts'
import { AcmeSettings } from '../certificates/mod.ts'
import { checkField, type View } from '../web/mod.ts'
import {
  BROUGHT_BYTES_MAX,
  type CertificateRoutesDeps,
  removeCertificate,
  setCertificate,
  useAcme,
} from './certificates.ts'
import { type DangerProps, dangerPage, type FormShown, formPage } from './forms.tsx'
import { OptionalText, PortText } from './inputs.ts'
import type { PersonEnv } from './person.ts'
import type { Site } from './site.tsx'
import { CertificatesPage, InstallPem, InstallPkcs12, UseAcme } from './views/certificates.tsx'

export type CertificatePagesDeps = CertificateRoutesDeps & {
  clock: Clock
  /** Where these pages stand: the navigation entry and its tab. */
  at: { current: string; tab: string }
}

const PemForm = v.object({
  ...{ certificate: OptionalText, key: OptionalText, passphrase: OptionalText, insist: checkField() },
})
const Pkcs12Form = v.object({ pkcs12: v.file('is missing'), passphrase: OptionalText, insist: checkField() })
const AcmeForm = v.object({
  directory: AcmeSettings.entries.directory,
  names: v.pipe(
    v.string(),
    v.transform((list) => list.split(/[\s,;]+/).filter((name) => name !== '')),
    AcmeSettings.entries.names,
  ),
  contact: v.union([v.literal(''), AcmeSettings.entries.contact.wrapped]),
  port: v.pipe(PortText, AcmeSettings.entries.port),
  ca: OptionalText,
})
const SECRETS = /^(key|passphrase)$/
const TITLE = 'Certificates'

export function certificatePages(deps: CertificatePagesDeps, site: Site): Hono<PersonEnv> {
  const { certificates, clock, at } = deps
  const path = `${site.place.base}${at.tab}`
  return new Hono<PersonEnv>()
    .get('/', (c) => {
      const mayChange = roleReaches(c.var.user.role, 'owner')
      const view = <CertificatesPage {...{ path, mayChange, view: certificates.view(), nowMs: clock.now() }} />
      return site.page(c, { ...at, title: TITLE, view })
    })
    .route('/', settingForms(deps, site))
    .route(
      '/',
      dangerPage(site, '/remove', {
        role: 'owner',
        form: () => goBack(path),
        frame: ({ danger }) => framed(at, 'Go back to the self-signed certificate', danger),
        async act({ actor }) {
          await removeCertificate(deps, actor)
          return at.tab
        },
      }),
    )
}

function settingForms(deps: CertificatePagesDeps, site: Site): Hono<PersonEnv> {
  const { at } = deps
  const path = `${site.place.base}${at.tab}`
  const owner = { role: 'owner', fresh: true } as const
  return new Hono<PersonEnv>()
    .route(
      '/',
      formPage(site, '/install', {
        ...{ ...owner, bytesMax: BROUGHT_BYTES_MAX, schema: PemForm, secrets: SECRETS },
        again: ({ values, failed }) =>
          framed(at, 'Install a certificate', <InstallPem {...{ path, values, ...failed }} />),
        async act({ input, actor }) {
          await setCertificate(deps, input, actor)
          return at.tab
        },
      }),
    )
    .route(
      '/',
      formPage(site, '/install-pkcs12', {
        ...{ ...owner, multipart: true, schema: Pkcs12Form, secrets: SECRETS },
        again: ({ values, failed }) =>
          framed(at, 'Install a PKCS#12 file', <InstallPkcs12 {...{ path, values, ...failed }} />),
        async act({ input: { pkcs12, ...more }, actor }) {
          await setCertificate(deps, { pkcs12: new Uint8Array(await pkcs12.arrayBuffer()), ...more }, actor)
          return at.tab
        },
      }),
    )
    .route(
      '/',
      formPage(site, '/acme', {
        ...{ ...owner, schema: AcmeForm },
        again: ({ values, failed }) => framed(at, 'Fetch by ACME', <UseAcme {...{ path, values, ...failed }} />),
        async act({ input: { contact, ca, ...settings }, actor }) {
          const given = { ...(contact !== '' && { contact }), ...(ca.trim() !== '' && { ca }) }
          await useAcme(deps, { ...settings, ...given }, actor)
          return at.tab
        },
      }),
    )
}

function framed(at: CertificatePagesDeps['at'], title: string, view: View): FormShown {
  return { ...at, title, view, crumbs: [{ href: at.tab, label: TITLE }] }
}

function goBack(path: string): DangerProps {
  return {
    action: `${path}/remove`,
    title: 'Go back to the self-signed certificate',
    says: 'New connections are shown the self-signed certificate at once; the installed one and its private key are forgotten, and nothing is fetched by ACME any more. Connections that are open go on.',
    // The word says where to.
    name: 'self-signed',
    submit: 'Go back',
  }
}
