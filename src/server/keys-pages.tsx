/** The pages of keys and backup. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../accounts/mod.ts'
import { PASSPHRASE_LENGTH_MIN } from '../backup/mod.ts'
import type { Clock } from '../base/mod.ts'
import { SecretOnce, type View } from '../web/mod.ts'
import { type DangerProps, dangerPage, type FormShown, formPage } from './forms.tsx'
import { backupAnswer, type KeyRoutesDeps, keysView, MASTER, renewRecoveryKey, rotateKey } from './keys.ts'
import { demand, type PersonEnv } from './person.ts'
import type { Site } from './site.tsx'
import { BackupForm, KeysPage, keyRegions } from './views/keys.tsx'

export type KeyPagesDeps = KeyRoutesDeps & {
  clock: Clock
  /** Where these pages stand: the navigation entry and its tab. */
  at: { current: string; tab: string }
}

const TITLE = 'Keys and backup'
const Passphrase = v.pipe(
  v.string(),
  v.check((text) => text === '' || [...text].length >= PASSPHRASE_LENGTH_MIN, 'has at least 12 characters'),
)
const Backup = v.object({ passphrase: v.optional(Passphrase, '') })

/** Keys with their age, forms for the acts on them, and a backup for download. */
export function keyPages(deps: KeyPagesDeps, site: Site): Hono<PersonEnv> {
  const { keys, clock, at } = deps
  const path = `${site.place.base}${at.tab}`
  const view = (mayChange: boolean) => ({ path, view: keysView(keys), mayChange, nowMs: clock.now() })
  return new Hono<PersonEnv>()
    .get('/', (c) => {
      demand(c, 'operator')
      const mayChange = roleReaches(c.var.user.role, 'owner')
      return site.page(c, { ...at, title: TITLE, live: `${at.tab}/live`, view: <KeysPage {...view(mayChange)} /> })
    })
    .get('/live', (c) => {
      demand(c, 'operator')
      const mayChange = roleReaches(c.var.user.role, 'owner')
      return site.live(c, { regions: async () => keyRegions(view(mayChange)) })
    })
    .route('/', keyForms(deps, site))
}

function keyForms(deps: KeyPagesDeps, site: Site): Hono<PersonEnv> {
  const { keys, at } = deps
  const path = `${site.place.base}${at.tab}`
  return new Hono<PersonEnv>()
    .route(
      '/',
      dangerPage(site, '/rotate/:name', {
        role: 'owner',
        about: (c) => c.req.param('name') ?? '',
        form: (name) => rotation(path, name),
        frame: ({ danger }) => framed(at, 'Rotate a key', danger),
        async act({ about, actor }) {
          await rotateKey(deps, about, actor)
          return at.tab
        },
      }),
    )
    .route(
      '/',
      dangerPage(site, '/recovery', {
        role: 'owner',
        form: () => recovery(path),
        frame: ({ danger }) => framed(at, 'Recovery key', danger),
        async act({ c, actor }) {
          const secret = await renewRecoveryKey(deps, actor)
          c.header('cache-control', 'no-store')
          const explains =
            'It opens everything that is kept here when the master key is lost. Keep it away from this machine.'
          const once = <SecretOnce {...{ title: 'Recovery key', secret, explains, done: path }} />
          return site.page(c, framed(at, 'Recovery key', once))
        },
      }),
    )
    .route(
      '/',
      formPage(site, '/backup', {
        ...{ role: 'owner', fresh: true, schema: Backup, secrets: /^passphrase$/ },
        again: ({ failed }) => {
          const recoveryShown = keys.keyring.recovery().taken
          return framed(at, 'Backup', <BackupForm {...{ path, recoveryShown, ...failed }} />)
        },
        act: ({ input: { passphrase }, actor }) =>
          backupAnswer(deps, passphrase === '' ? { kind: 'recovery' } : { kind: 'passphrase', passphrase }, actor),
      }),
    )
}

function framed(at: KeyPagesDeps['at'], title: string, view: View): FormShown {
  return { ...at, title, view, crumbs: [{ href: at.tab, label: TITLE }] }
}

function rotation(path: string, name: string): DangerProps {
  const says =
    name === MASTER
      ? 'A new master key is made and put in the file of the old one, which then opens nothing any more. A copy of the old file is of no use: back up the new one.'
      : 'All that lies under this key is encrypted anew while everything goes on; writing may pause for a moment. It can be cut off at any time and goes on by itself.'
  return {
    ...{ action: `${path}/rotate/${encodeURIComponent(name)}`, title: `Rotate ${name}`, says: <p>{says}</p>, name },
    ...{ submit: 'Rotate', cancel: { label: 'Cancel', href: path } },
  }
}

function recovery(path: string): DangerProps {
  const says = (
    <p>
      A new recovery key is made and shown once. The one before opens this data no more; backups that were made for it
      still need it.
    </p>
  )
  return {
    ...{ action: `${path}/recovery`, title: 'Make a new recovery key', says, name: 'recovery key' },
    ...{ submit: 'Make it', cancel: { label: 'Cancel', href: path } },
  }
}
