/** What follows an owner's first password: the recovery key, shown once, then enrolment by pasting a code. Either can wait. */

import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import type { User } from '../../accounts/mod.ts'
import { recorded } from '../../audit/mod.ts'
import { demand, demandFresh, type FormShown, formAct, type PersonEnv, type Site } from '../../server/mod.ts'
import { SecretOnce, type View } from '../../web/mod.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Station } from '../station.ts'
import { BeforeRecoveryKey, EnrolByCode } from '../views/welcome.tsx'

export type WelcomePagesDeps = Pick<Station, 'enrolment'> & {
  state: Pick<RuntimeState, 'trail' | 'enrolment'> & {
    keyring: Pick<RuntimeState['keyring'], 'takeRecoveryKey' | 'recovery'>
  }
}

const PATH = '/welcome'
const ENROL = `${PATH}/enrol`
const Code = v.object({ code: v.pipe(v.string(), v.trim(), v.maxLength(32_768)) })

/** Where an owner goes on who has just set a password: here, until somebody has taken the recovery key. */
export function welcomeOf({ state }: WelcomePagesDeps, user: User): string | undefined {
  return user.role === 'owner' && !state.keyring.recovery().taken ? PATH : undefined
}

export function welcomePages(deps: WelcomePagesDeps, site: Site): Hono<PersonEnv> {
  const { keyring } = deps.state
  return (
    new Hono<PersonEnv>()
      .get('/', async (c) => {
        demandFresh(c, 'owner')
        if (keyring.recovery().taken) return c.redirect(ENROL, 303)
        return site.page(c, page('Welcome', <BeforeRecoveryKey action={`${PATH}/recovery-key`} later={ENROL} />))
      })
      // By a form: what looks ahead at links must not use it up.
      .post('/recovery-key', (c) => showOnce(c, deps, site))
      .get('/enrol', async (c) => {
        demand(c, 'owner')
        if (await deps.state.enrolment.registration()) return c.redirect('/', 303)
        return site.page(c, page('Enrol', <EnrolByCode action={ENROL} later="/" />))
      })
      .route(
        '/',
        formAct(site, '/enrol', {
          ...{ role: 'owner', fresh: true, schema: Code, secrets: /^code$/ },
          again({ failed: { failure, errors } }) {
            const error = errors['code']
            return page('Enrol', <EnrolByCode {...{ action: ENROL, later: '/', failure, error }} />)
          },
          async act({ input, actor }) {
            await deps.enrolment.enrol(input.code, actor)
            return '/'
          },
        }),
      )
  )
}

async function showOnce(c: Context<PersonEnv>, { state }: WelcomePagesDeps, site: Site): Promise<Response> {
  const actor = demandFresh(c, 'owner')
  const { keyring, trail } = state
  if (keyring.recovery().taken) return c.redirect(ENROL, 303)
  const act = { actor, action: 'recovery_key.shown', subject: 'keyring' }
  const secret = await recorded(trail, act, () => keyring.takeRecoveryKey())
  // Somebody else was quicker.
  if (secret === undefined) return c.redirect(ENROL, 303)
  const explains =
    'With it, and a backup or the data folder, everything here can be opened again when the master key is lost. Print it, or keep it in a safe that is not this machine.'
  const view = <SecretOnce title="Recovery key" secret={secret} explains={explains} done={ENROL} />
  return site.page(c, page('Welcome', view))
}

function page(title: string, view: View): FormShown {
  return { title, view, current: '/' }
}
