/** The settings of the OpenID provider, read once until they are others: each page of a sign-in asks for them. */
import type { AccountsDeps } from '../deps.ts'
import { type NewOidcSettings, type OidcView, removeOidc, setOidc, viewOidc } from './settings.ts'

export type RememberedOidc = {
  settings(): Promise<OidcView | undefined>
  /** Refuses `oidc.unfit`, `account.last_owner`. */
  set(settings: NewOidcSettings): Promise<void>
  /** Refuses `account.last_owner`. */
  remove(): Promise<void>
}

/** Nothing else may write them. */
export function rememberedOidc(deps: AccountsDeps): RememberedOidc {
  let known: Promise<OidcView | undefined> | undefined
  const forget = (): void => {
    known = undefined
  }
  return {
    settings() {
      const view = known ?? viewOidc(deps)
      known = view
      view.catch(forget)
      return view
    },
    set: (settings) => setOidc(deps, settings).finally(forget),
    remove: () => removeOidc(deps).finally(forget),
  }
}
