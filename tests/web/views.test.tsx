import { describe, expect, test } from 'bun:test'
import type { LayoutProps } from '../../src/web/layout.tsx'
import {
  assetRoutes,
  Charts,
  DeploymentView,
  deploymentRegions,
  Empty,
  Field,
  Layout,
  Needs,
  OneTimeLinkPage,
  readListing,
  renderPage,
  SecretOnce,
  SignInPage,
  State,
  Table,
  Tiles,
  type View,
  wordOf,
} from '../../src/web/mod.ts'
import type { StateWord } from '../../src/web/state.tsx'
import { componentView, deploymentProps } from '../support/web/deployment.ts'
import { chartOf } from '../support/web/gallery.tsx'

const HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\'&'

const frame: LayoutProps = {
  place: { kind: 'runtime', name: 'factory-01' },
  nav: [
    { href: '/', label: 'Overview', icon: 'overview', key: 'o' },
    { href: '/deployments', label: 'Deployments', icon: 'deployments', key: 'd', count: 2 },
  ],
  current: '/',
  title: 'Overview',
}

async function text(view: View): Promise<string> {
  return String(await view)
}

const STATES: StateWord[] = [
  'received',
  'awaiting-approval',
  'preparing',
  'running',
  'draining',
  'late',
  'stopped',
  'failed',
  'refused',
  'connecting',
  'up',
  'down',
  'closed',
]

describe('State', () => {
  test('is a shape and a word for every state, never colour alone', async () => {
    for (const state of STATES) {
      const html = await text(<State state={state} />)
      expect(html).toMatch(/<svg[^>]*><path[^>]* d="M[^"]+"/)
      expect(html).toContain(wordOf(state))
    }
  })

  test('has six looks', async () => {
    const looks = await Promise.all(
      STATES.map(async (state) => /class="state (\w+)"/.exec(await text(<State state={state} />))?.[1]),
    )
    expect([...new Set(looks)].sort()).toEqual(['awaiting', 'draining', 'failed', 'late', 'running', 'stopped'])
    expect(await text(<State state="preparing" />)).toContain('class="state draining"')
    expect(await text(<State state="refused" />)).toContain('class="state failed"')
  })
})

describe('Layout', () => {
  test('says where one is, in words, and which page is current', async () => {
    const html = await renderPage(<Layout {...frame} user={{ name: 'maria', role: 'owner' }} signOut="/sign-out" />)
    expect(html).toStartWith('<!doctype html><html lang="en" class="runtime">')
    expect(html).toMatch(/<strong>Runtime <span>factory-01<\/span><\/strong>/)
    expect(html).toContain('<a href="/" data-key="o" aria-current="page">')
    expect(html).toContain('<title>Overview · Runtime factory-01</title>')
    expect(html).toContain('maria')
    const platform = await renderPage(<Layout {...frame} place={{ kind: 'platform', name: 'acme' }} />)
    expect(platform).toContain('<strong>Platform <span>acme</span></strong>')
  })

  test('loads what draws charts only where there are some', async () => {
    expect(await renderPage(<Layout {...frame} />)).not.toContain('uplot')
  })

  test('says the role beside a name, unless the name says it', async () => {
    const html = (name: string) => renderPage(<Layout {...frame} user={{ name, role: 'owner' }} />)
    expect(await html('maria')).toContain('<span class="role">owner</span>')
    expect(await html('owner')).not.toContain('class="role"')
  })

  test('has the way back above its title, and its tabs as pages with addresses of their own', async () => {
    const html = await renderPage(
      <Layout
        {...frame}
        crumbs={[{ href: '/vault', label: 'Vault' }]}
        tabs={[
          { href: '/vault/a', label: 'Use', current: true },
          { href: '/vault/a/replace', label: 'Replace', count: 0 },
        ]}
        menu={[{ href: '/account', label: 'Your account' }]}
        user={{ name: 'maria', role: 'owner' }}
        signOut="/sign-out"
      />,
    )
    expect(html).toMatch(/<nav class="crumbs".*<a href="\/vault">Vault<\/a>.*<h1>Overview<\/h1>.*<nav class="tabs"/s)
    expect(html).toContain('<a href="/vault/a" aria-current="page">Use</a>')
    expect(html).toContain('<a href="/vault/a/replace">Replace</a>')
    expect(html).toMatch(/<details class="menu".*Your account.*action="\/sign-out"/s)
  })

  test('lists every key of the navigation', async () => {
    const html = await renderPage(<Layout {...frame} />)
    expect(html).toMatch(/<dialog id="keys".*<kbd>g<\/kbd> <kbd>d<\/kbd><\/dt><dd>Deployments/s)
  })

  test('weighs at most 150 kB with everything that it loads, charts and all', async () => {
    const html = await renderPage(
      <Layout {...frame} charts>
        <DeploymentView {...deploymentProps()} />
        <Charts path="/" range="1h" ranges={[]} charts={[chartOf(1), { ...chartOf(2), id: 'second' }]} />
      </Layout>,
    )
    expect(html).toContain('/assets/uplot.')
    let bytes = Buffer.byteLength(html)
    for (const [, url = ''] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
      bytes += (await (await assetRoutes().request(url, { headers: { 'accept-encoding': 'gzip' } })).arrayBuffer())
        .byteLength
    }
    expect(bytes).toBeLessThan(150_000)
  })
})

describe('no view', () => {
  const everything = (
    <Layout
      {...frame}
      title={HOSTILE}
      place={{ kind: 'runtime', name: HOSTILE }}
      user={{ name: HOSTILE, role: HOSTILE }}
      live={`/live?x=${HOSTILE}`}
    >
      <Needs
        well=""
        needs={[{ state: 'late', what: HOSTILE, effect: HOSTILE, action: { label: HOSTILE, href: HOSTILE } }]}
      />
      <Tiles label={HOSTILE} tiles={[{ label: HOSTILE, value: HOSTILE, context: HOSTILE, trend: [1, 2] }]} />
      <Table
        id="t"
        title={HOSTILE}
        columns={[{ title: HOSTILE, sort: 'name' }]}
        rows={[{ id: HOSTILE, href: `/${HOSTILE}`, cells: [HOSTILE], under: HOSTILE }]}
        listing={readListing(`/${HOSTILE}`, { filter: HOSTILE }, { sort: ['name'], by: 'name', keep: { at: HOSTILE } })}
        filterLabel={HOSTILE}
      />
      <Empty title={HOSTILE} teaches={HOSTILE} command={HOSTILE} />
      <SecretOnce
        title={HOSTILE}
        secret={HOSTILE}
        explains={HOSTILE}
        done="/"
        uses={[{ name: HOSTILE, snippet: HOSTILE }]}
      />
      <Field name="a" label={HOSTILE} value={HOSTILE} error={HOSTILE} help={HOSTILE} />
      <DeploymentView
        {...deploymentProps({
          reasons: [{ code: HOSTILE, item: HOSTILE }],
          systems: [{ name: HOSTILE, place: HOSTILE }],
          components: [
            componentView(HOSTILE, [], HOSTILE, { type: HOSTILE, reason: { code: HOSTILE, item: HOSTILE } }),
          ],
        })}
      />
    </Layout>
  )

  test('lets foreign text become markup', async () => {
    const html = await renderPage(everything)
    expect(html).not.toContain('<script>')
    expect(html).not.toContain('<img')
    expect(html).toContain('&lt;script&gt;')
  })

  test('uses what the policy forbids: inline scripts, handlers, style attributes, other hosts', async () => {
    const html = await renderPage(
      <Layout {...frame}>
        <DeploymentView {...deploymentProps()} />
      </Layout>,
    )
    expect(html).not.toMatch(/<script(?![^>]* src="\/assets\/)/)
    expect(html).not.toMatch(/\s(style|on[a-z]+)=/)
    expect(html).not.toMatch(/(src|href|action)="(https?:)?\/\//)
  })
})

describe('sign-in pages', () => {
  const place = { kind: 'runtime', name: 'factory-01' } as const

  test('keep the name that was typed, and no password', async () => {
    const html = await text(
      <SignInPage
        place={place}
        action="/sign-in"
        name="maria"
        next="/deployments"
        failure={{ message: 'The name or the password is not right.' }}
      />,
    )
    expect(html).toContain('value="maria"')
    expect(html).toContain('name="next" value="/deployments"')
    expect(html).toMatch(/role="alert"[^>]*><div><b>The name or the password/)
    expect(/<input[^>]*type="password"[^>]*>/.exec(html)?.[0]).not.toContain('value=')
  })

  test('a one-time link asks for a password only if it is for one', async () => {
    const link = { place, action: '/link', token: 'the-token', name: 'maria', passwordLengthMin: 12 }
    expect(await text(<OneTimeLinkPage {...link} asksPassword />)).toContain('minlength="12"')
    const plain = await text(<OneTimeLinkPage {...link} asksPassword={false} />)
    expect(plain).not.toContain('type="password"')
    expect(plain).toContain('name="token" value="the-token"')
  })

  test('a field names its error and help to screen readers', async () => {
    const html = await text(<Field name="port" label="Port" value="x" error="must be a number" help="Usually 8752." />)
    expect(html).toContain('aria-invalid="true" aria-describedby="port-error port-help"')
    expect(html).toContain('id="port-error"')
  })
})

describe('DeploymentView', () => {
  test('shows state, counts and reasons of every component', async () => {
    const html = await text(
      <DeploymentView {...deploymentProps({ reasons: [{ code: 'peer.unknown', item: 'cloud-01' }] })} />,
    )
    for (const shown of [
      'version 7',
      '10 min ago',
      'peer.unknown',
      'sink.refused',
      '12.3 k',
      '1.80 kB',
      '4 min old',
      'Noise_KKpsk0_P256_AESGCM_SHA256',
    ])
      expect(html).toContain(shown)
    expect(html).toContain('title="12,345"')
    expect(html).toMatch(/<b class="late"><span title="14">14/)
  })

  test('says why in full where that is told, and between whom nothing crosses', async () => {
    const reason = { code: 'csv_file.file_missing', component: 'rows', item: 'in/late.csv' }
    const told = { message: 'no file fits', advice: 'Check `paths` of the component.' }
    const peer = { name: 'cloud-01', version: 8, state: 'awaiting-approval' as const, sinceMs: 940_000, inForce: 7 }
    const [bridge] = deploymentProps().bridges
    const html = await text(
      <DeploymentView
        {...deploymentProps({ state: 'failed', reasons: [{ ...reason, ...told }], peers: [peer] })}
        bridges={bridge ? [{ ...bridge, sinceMs: 880_000 }] : []}
      />,
    )
    expect(html).toContain('rows: <code>csv_file.file_missing</code> in/late.csv')
    expect(html).toContain('No file fits.')
    expect(html).toContain('Check <code>paths</code> of the component.')
    expect(html).toMatch(
      /Nothing crosses to or from cloud-01: there version 8 is .*awaiting approval.* since <time[^>]*>1 min ago/,
    )
    expect(html).toContain(', and version 7 is in force')
    expect(html).toMatch(/up<\/span><small>since <time[^>]*>2 min ago/)
  })

  test('sends the same parts by a live stream as it was rendered with', async () => {
    const html = await text(<DeploymentView {...deploymentProps()} />)
    for (const [id, view] of Object.entries(deploymentRegions(deploymentProps()))) {
      expect(html).toContain(`id="${id}"`)
      expect(html).toContain(String(await view))
    }
  })
})

test('Needs says in one line that all is well', async () => {
  expect(await text(<Needs needs={[]} well="Everything runs." />)).toContain('Everything runs.')
})
