/** Settings › People › OpenID provider: an owner's form for it, and the way to take it away. */
import { Hono } from 'hono'
import * as v from 'valibot'
import type { NewOidcSettings, OidcView } from '../../accounts/mod.ts'
import { DangerForm, parseInput, type View } from '../../web/mod.ts'
import { type DangerProps, dangerAct, type FailedForm, type FormShown, formPage } from '../forms.tsx'
import type { PersonEnv } from '../person.ts'
import { removeProvider, type SignInRulesDeps, setProvider } from '../sign-in-rules.ts'
import type { Site } from '../site.tsx'
import { RoleName } from './people.ts'
import { ProviderForm, type ProviderText } from './views/provider.tsx'

const PATH = '/settings/people/provider'
const Text = v.pipe(v.optional(v.string(), ''), v.maxLength(32_768), v.trim())
const Typed = v.object({
  ...{ label: Text, issuer: Text, clientId: Text, clientSecret: Text, scopes: Text, allowedDomains: Text },
  ...{ allowedSubjects: Text, roleClaim: Text, roles: Text, ca: Text },
  defaultRole: v.optional(v.picklist(['', ...RoleName.options]), ''),
})
type Typed = v.InferOutput<typeof Typed>

/** `address` as in `PeopleDeps`. */
export type ProviderPagesDeps = SignInRulesDeps & { address: () => string }

export function providerPages(deps: ProviderPagesDeps, site: Site): Hono<PersonEnv> {
  const { oidc } = deps.accounts
  return new Hono<PersonEnv>()
    .route(
      '/',
      formPage(site, '/', {
        ...{ role: 'owner', fresh: true, schema: Typed, secrets: /^clientSecret$/ },
        about: () => oidc.settings(),
        again({ about, values, failed }) {
          const text = Object.keys(values).length > 0 ? values : textOf(about)
          return shown(deps, site, {
            text,
            there: about,
            failed,
            danger: about && <DangerForm {...removal(site, about)} />,
          })
        },
        async act({ input, actor }) {
          await setProvider({ ...deps, actor }, settingsOf(input))
          return '/settings/people'
        },
      }),
    )
    .route(
      '/',
      dangerAct(site, '/remove', {
        role: 'owner',
        about: () => oidc.settings(),
        form: (about) => removal(site, about),
        frame: ({ about, danger }) => shown(deps, site, { text: textOf(about), there: about, danger: about && danger }),
        async act({ actor }) {
          await removeProvider({ ...deps, actor })
          return '/settings/people'
        },
      }),
    )
}

type ShownProvider = {
  text: ProviderText
  there: OidcView | undefined
  failed?: FailedForm
  danger: View | undefined
}

function shown(deps: ProviderPagesDeps, site: Site, { text, there, failed, danger }: ShownProvider): FormShown {
  const { base } = site.place
  const view = (
    <>
      <ProviderForm
        {...{ action: `${base}${PATH}`, cancel: `${base}/settings/people`, text, ...failed }}
        hasSecret={there?.hasSecret ?? false}
        redirectUri={`${deps.address()}/sign-in/oidc/back`}
      />
      {danger}
    </>
  )
  const crumbs = [{ href: '/settings/people', label: 'People' }]
  return { title: 'OpenID provider', current: '/settings', tab: '/settings/people', crumbs, view }
}

function removal(site: Site, there: OidcView | undefined): DangerProps {
  return {
    ...{ action: `${site.place.base}${PATH}/remove`, title: 'Take the provider away', submit: 'Take away' },
    name: there?.label ?? '',
    says: 'Nobody signs in by it any more. Users who have no password need a one-time link.',
  }
}

/** Lists are words between spaces, roles are `value=role` each. */
function settingsOf(typed: Typed): NewOidcSettings {
  const { label, issuer, clientId, clientSecret, roleClaim, ca, defaultRole } = typed
  return {
    ...{ label, issuer, clientId, scopes: wordsOf(typed.scopes), ca: ca === '' ? null : ca.replace(/\r\n/g, '\n') },
    ...{ allowedDomains: wordsOf(typed.allowedDomains), allowedSubjects: wordsOf(typed.allowedSubjects) },
    ...{ roleClaim: roleClaim === '' ? null : roleClaim, roles: rolesOf(typed.roles) },
    defaultRole: defaultRole === '' ? null : defaultRole,
    // Left empty, the one that is there stays.
    ...(clientSecret !== '' && { clientSecret }),
  }
}

const Roles = v.object({
  roles: v.pipe(
    v.array(v.tuple([v.string(), RoleName]), 'must be value=role, one by line'),
    v.transform((pairs) => Object.fromEntries(pairs)),
  ),
})

function rolesOf(text: string): NewOidcSettings['roles'] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const pairs = lines.map((line) => splitAtLast(line.trim()))
  if (!v.is(Roles.entries.roles, pairs)) return parseInput(Roles, { roles: text }).roles
  return parseInput(Roles, { roles: pairs }).roles
}

/** Names of groups may hold `=` themselves (`cn=ops,dc=…`); a role does not. */
function splitAtLast(pair: string): [string, string] {
  const at = pair.lastIndexOf('=')
  return [pair.slice(0, Math.max(0, at)).trim(), pair.slice(at + 1).trim()]
}

function wordsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '')
}

function textOf(settings: OidcView | undefined): ProviderText {
  if (settings === undefined) return { scopes: 'email profile', defaultRole: 'viewer' }
  const { label, issuer, clientId, scopes, allowedDomains, allowedSubjects, roleClaim, roles, defaultRole, ca } =
    settings
  return {
    ...{ label, issuer, clientId, scopes: scopes.join(' '), ca: ca ?? '' },
    ...{ allowedDomains: allowedDomains.join(' '), allowedSubjects: allowedSubjects.join(' ') },
    ...{ roleClaim: roleClaim ?? '', defaultRole: defaultRole ?? '' },
    roles: Object.entries(roles)
      .map(([value, role]) => `${value}=${role}`)
      .join('\n'),
  }
}
