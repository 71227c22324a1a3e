/**
 * Linking an account at the provider to one's own: begun by a page of ours alone, proved there anew, and seen before it counts, so
 * that no account which somebody else is signed in with there becomes a way in here.
 */
import { type Context, Hono } from 'hono'
import { clearPassingCookie, type OidcOffer, OidcRefused, passingCookieOf } from '../../accounts/mod.ts'
import { Facts, Form } from '../../web/mod.ts'
import { formPage } from '../forms.tsx'
import { demandFresh, type PersonEnv } from '../person.ts'
import type { Site } from '../site.tsx'
import { type AccountDeps, linkProvider, selfOf } from './account.ts'
import type { GateDeps } from './let-in.ts'
import { leadToProvider } from './oidc.ts'

/** Under the page of the account, whose address without the server's base is `account`. */
export function linkPages(deps: AccountDeps & Pick<GateDeps, 'origin'>, site: Site, account: string): Hono<PersonEnv> {
  const { place } = site
  return new Hono<PersonEnv>()
    .get('/', async (c) => {
      refuseBegunElsewhere(c)
      demandFresh(c, 'viewer')
      const errand = { kind: 'link', userId: selfOf(c).id } as const
      return leadToProvider(c, { ...deps, place }, { next: `${place.base}${account}/link/confirm`, errand })
    })
    .route(
      '/',
      formPage(site, '/confirm', {
        ...{ role: 'viewer', fresh: true },
        about: (c) => offerTo(c, deps, site),
        again: ({ about, failed: { failure } }) => ({
          ...{ title: 'Link an account', current: account, crumbs: [{ href: account, label: 'Your account' }] },
          view: <Offer {...{ account: `${place.base}${account}`, offer: about, failure }} />,
        }),
        async act({ c, about }) {
          await linkProvider(deps, selfOf(c), about)
          clearPassingCookie(c, place.cookie, 'link')
          return account
        },
      }),
    )
}

/** The policy of our pages lets no form lead away, so this is a GET, which any page could make a browser ask. */
function refuseBegunElsewhere(c: Context<PersonEnv>): void {
  const from = c.req.header('sec-fetch-site')
  if (from !== undefined && from !== 'same-origin' && from !== 'none') {
    throw new OidcRefused('a page of another address began this')
  }
}

/** What the provider vouched for in this browser, for who is signed in now. Refuses `oidc.refused`. */
async function offerTo(c: Context<PersonEnv>, { accounts }: AccountDeps, { place }: Site): Promise<OidcOffer> {
  const offer = await accounts.oidc.offered(passingCookieOf(c, place.cookie, 'link'))
  if (offer.userId !== selfOf(c).id) throw new OidcRefused('this browser is not signed in as who began')
  return offer
}

type OfferProps = { account: string; offer: OidcOffer; failure: Parameters<typeof Form>[0]['failure'] }

function Offer({ account, offer: { issuer, subject, name }, failure }: OfferProps) {
  return (
    <Form
      action={`${account}/link/confirm`}
      submit="Link this account"
      cancel={{ label: 'Cancel', href: account }}
      {...(failure && { failure })}
    >
      <Facts
        rows={[['Provider', issuer], ...(name === null ? [] : [['Called', name] as const]), ['Account there', subject]]}
      />
      <p class="help">Whoever signs in there as this account is signed in here as you from then on.</p>
    </Form>
  )
}
