/** Setting up an authenticator: its secret as a picture and as text, its first code, and the recovery codes, each shown once. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { DangerForm, QrCode, SecretOnce, type View } from '../../web/mod.ts'
import { type DangerProps, dangerAct, type FormShown, formAct } from '../forms.tsx'
import { demandFresh, type PersonEnv } from '../person.ts'
import type { Site } from '../site.tsx'
import { type AccountDeps, beginTotp, confirmTotp, newRecoveryCodes, removeTotp, selfOf } from './account.ts'
import { FirstCode, NoTotp, RecoveryCodes } from './views/totp.tsx'

const Code = v.object({ code: v.pipe(v.string(), v.maxLength(64)) })

export function totpPages(deps: AccountDeps, site: Site): Hono<PersonEnv> {
  const path = pathOf(site)
  return new Hono<PersonEnv>()
    .get('/', async (c) => {
      demandFresh(c, 'viewer')
      return site.page(c, await shown(c, deps, site, <DangerForm {...removal(c, site)} />))
    })
    .post('/begin', async (c) => {
      demandFresh(c, 'viewer')
      const { secret, uri } = await beginTotp(deps, selfOf(c))
      // Loaded for whoever sets one up, and for nobody else.
      const { encode } = await import('uqr')
      const qr = <QrCode cells={encode(uri, { border: 4 }).data} label="The authenticator’s secret" />
      return site.page(c, page(<FirstCode {...{ action: `${path}/confirm`, again: path, secret, qr }} />))
    })
    .route(
      '/',
      formAct(site, '/confirm', {
        ...{ role: 'viewer', fresh: true, schema: Code },
        again: ({ failed: { failure, errors } }) => {
          const shown = { action: `${path}/confirm`, again: path, error: errors['code'] }
          return page(<FirstCode {...{ ...shown, failure }} />)
        },
        async act({ c, input }) {
          const first = { code: input.code.trim(), address: c.env.peer.address }
          return site.page(c, page(codesOnce(await confirmTotp(deps, selfOf(c), first), site)))
        },
      }),
    )
    .post('/recovery-codes', async (c) => {
      demandFresh(c, 'viewer')
      return site.page(c, page(codesOnce(await newRecoveryCodes(deps, selfOf(c)), site)))
    })
    .route(
      '/',
      dangerAct(site, '/remove', {
        role: 'viewer',
        about: (c) => removal(c, site),
        form: (about) => about,
        frame: ({ c, danger }) => shown(c, deps, site, danger),
        async act({ c }) {
          await removeTotp(deps, selfOf(c))
          return '/account'
        },
      }),
    )
}

async function shown(c: Context<PersonEnv>, { accounts }: AccountDeps, site: Site, danger: View): Promise<FormShown> {
  const { since, recoveryCodesLeft } = await accounts.totp.state(selfOf(c).id)
  const path = pathOf(site)
  if (since === null) return page(<NoTotp action={`${path}/begin`} />)
  return page(
    <>
      <RecoveryCodes action={`${path}/recovery-codes`} left={recoveryCodesLeft} />
      {danger}
    </>,
  )
}

function removal(c: Context<PersonEnv>, site: Site): DangerProps {
  return {
    ...{ action: `${pathOf(site)}/remove`, title: 'Take the authenticator away', submit: 'Take away' },
    name: c.var.user.name,
    says: 'You sign in by password alone then, and your other sessions end. Do this before you set up another phone.',
  }
}

function codesOnce(codes: string[], site: Site): View {
  return (
    <SecretOnce
      title="Recovery codes"
      secret={codes.join(' ')}
      explains="Each gets you in once when the authenticator is lost. Keep them away from the phone; they can’t be shown again."
      done={`${site.place.base}/account`}
    />
  )
}

function page(view: View): FormShown {
  return { title: 'Authenticator', view, current: '/account', crumbs: [{ href: '/account', label: 'Your account' }] }
}

function pathOf(site: Site): string {
  return `${site.place.base}/account/totp`
}
