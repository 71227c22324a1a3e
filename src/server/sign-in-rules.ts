/** How people sign in here: whether everyone needs an authenticator, and the OpenID provider. An owner's to decide. */
import * as v from 'valibot'
import type { Accounts, NewOidcSettings } from '../accounts/mod.ts'
import { recorded, type Trail } from '../audit/mod.ts'
import { RoleName } from './accounts/people.ts'
import { ApiRoutes } from './api.ts'

export type SignInRulesDeps = { accounts: Pick<Accounts, 'totp' | 'oidc'>; trail: Pick<Trail, 'record'> }
type ByActor = SignInRulesDeps & { actor: string }

/** From the next request on a session without an authenticator is good for setting one up, and for nothing else. */
export function demandTotp({ accounts, trail, actor }: ByActor, demanded: boolean): Promise<void> {
  const action = demanded ? 'totp.demanded' : 'totp.left_free'
  return recorded(trail, { actor, action, subject: 'everyone' }, () => accounts.totp.demand(demanded))
}

/** Refuses `oidc.unfit`, `account.last_owner`. The secret stands in no trail. */
export function setProvider({ accounts, trail, actor }: ByActor, settings: NewOidcSettings): Promise<void> {
  const detail = { clientId: settings.clientId.slice(0, 256), defaultRole: settings.defaultRole ?? 'none' }
  const act = { actor, action: 'oidc.set', subject: settings.issuer.slice(0, 256), detail }
  return recorded(trail, act, () => accounts.oidc.set(settings))
}

/** Refuses `account.last_owner`. */
export function removeProvider({ accounts, trail, actor }: ByActor): Promise<void> {
  return recorded(trail, { actor, action: 'oidc.removed', subject: 'provider' }, () => accounts.oidc.remove())
}

const Text = v.pipe(v.string(), v.maxLength(1_024))
const Texts = v.pipe(v.array(Text), v.maxLength(256))
const Settings = {
  ...{ label: Text, issuer: Text, clientId: Text, scopes: v.optional(Texts, []) },
  ca: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(65_536))), null),
  ...{ allowedDomains: v.optional(Texts, []), allowedSubjects: v.optional(Texts, []) },
  ...{ roleClaim: v.optional(v.nullable(Text), null), roles: v.optional(v.record(Text, RoleName), {}) },
  defaultRole: v.optional(v.nullable(RoleName), null),
}
const Provider = v.strictObject({
  ...Settings,
  clientSecret: v.optional(v.nullable(v.pipe(Text, v.description('Kept where it is left out.')))),
})
const Shown = v.object({
  totpDemanded: v.boolean(),
  provider: v.nullable(v.object({ ...Settings, hasSecret: v.boolean() })),
})

export function signInRulesRoutes(deps: SignInRulesDeps): ApiRoutes {
  const { accounts } = deps
  const danger = { role: 'owner', fresh: true } as const
  const rules = async () => ({
    totpDemanded: await accounts.totp.demanded(),
    provider: (await accounts.oidc.settings()) ?? null,
  })
  return new ApiRoutes('People')
    .get('/', { summary: 'How people sign in here.', role: 'owner', answer: Shown }, rules)
    .put(
      '/totp',
      {
        summary: 'Demands an authenticator of everyone, or leaves it free.',
        ...danger,
        body: v.strictObject({ demanded: v.boolean() }),
      },
      ({ actor, body }) => demandTotp({ ...deps, actor }, body.demanded),
    )
    .put(
      '/provider',
      { summary: 'Sets the OpenID provider.', ...danger, body: Provider, answer: Shown },
      async ({ actor, body: { clientSecret, ...settings } }) => {
        await setProvider({ ...deps, actor }, { ...settings, ...(clientSecret !== undefined && { clientSecret }) })
        return rules()
      },
    )
    .delete('/provider', { summary: 'Takes the OpenID provider away.', ...danger }, ({ actor }) =>
      removeProvider({ ...deps, actor }),
    )
}
