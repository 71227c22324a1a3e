import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { EnrolmentCodeAnswer, readAs } from '../../src/cli/answers.ts'
import { copyBlueprint, type RuntimeServer, TEST_MS, WAIT_MS, World } from '../support/acceptance/world.ts'
import { authenticator } from '../support/accounts/authenticator.ts'
import { isQuick, slowTest } from '../support/quick.ts'
import { chromiumPath, openBrowser } from '../support/web/browser.ts'
import { Person } from '../support/web/person.ts'

const PASSWORD = 'a long and lonely winter coat'
const SECRET = 'postgres-canary-77'

/** Keeps its map busy for as long as a person looks at it: a minute where nothing else runs; its filter lets nothing through. */
const BUSY = Array.from({ length: 24 }, (_, i) => `f${i}: "size * ${i + 1} > 1000"`).join(', ')
const ORDERS = `blueprint: orders
systems:
  here: { runtime: factory-01 }
components:
  rows: { type: csv_file, on: here, config: { paths: ["in/orders.csv"], columns: { size: int } } }
  tidy: { type: map, on: here, from: rows, config: { set: { ${BUSY} } } }
  few: { type: filter, on: here, from: tidy, config: { where: f0 } }
  kept: { type: json_lines_file, on: here, from: few, config: { path: out/orders.jsonl } }
`
const ROWS = 4_000_000

/** `rows` of 8 bytes; two of the first ones do not parse. */
function writeOrders(path: string, rows: number): void {
  const file = openSync(path, 'w')
  writeSync(file, 'id,size\n1,many\n2,more\n')
  const block = '1234,10\n'.repeat(100_000)
  for (let written = 0; written < rows; written += 100_000) writeSync(file, block)
  closeSync(file)
}

describe.skipIf(chromiumPath === undefined || isQuick)('a Runtime, from its first start on, by mouse only', () => {
  let world: World
  let runtime: RuntimeServer
  let browser: Browser
  let person: Person
  let secret = ''

  beforeAll(async () => {
    world = new World()
    await world.startPlatform()
    runtime = await world.startRuntime('factory-01')
    writeOrders(join(runtime.files, 'in/orders.csv'), ROWS)
    browser = await openBrowser()
    person = await Person.of(browser, runtime.ready.url, WAIT_MS)
  }, TEST_MS)
  afterAll(async () => {
    await browser?.close()
    await world[Symbol.asyncDispose]()
  }, TEST_MS)

  const sessionCookie = async () => (await person.cookies()).find(({ name }) => name === '__Host-sluice')

  slowTest(
    'the one-time link leads to a password, to the recovery key that is shown once, and to enrolment by a pasted code',
    async () => {
      await person.page.goto(runtime.ready.oneTimeLink ?? '')
      await person.type('New password', PASSWORD)
      await person.click('Set password and sign in')
      await person.click('Show the recovery key')
      const key = await person.reads('#secret')
      expect(key.length).toBeGreaterThan(40)
      // It is not left by chance.
      await person.click('Done')
      expect(await person.reads('#secret')).toBe(key)
      await person.click('I have stored it. It will not be shown again.')
      await person.click('Done')
      await person.sees('Then the Platform', /\/welcome\/enrol\??$/)
      const made = await world.platform.client.request('POST', '/v1/enrolment-codes', {})
      await person.type('Enrolment code', readAs(EnrolmentCodeAnswer, made).code)
      await person.click('Enrol')
      await person.page.waitForURL(`${runtime.ready.url}/`)
      expect(await person.page.content()).not.toContain(key)
      // The link is used up, and what it led to is over.
      await person.page.goto(runtime.ready.oneTimeLink ?? '')
      await person.sees('this link does not work any more')
      await person.page.goto(`${runtime.ready.url}/welcome`)
      await person.page.waitForURL(`${runtime.ready.url}/`)
    },
    TEST_MS,
  )

  slowTest(
    'what the Platform deploys waits on the overview, shows what it adds, and runs once it is approved',
    async () => {
      await world.deploy(ORDERS)
      await person.sees('orders version 1 waits for your approval')
      await person.click('Review')
      await person.sees('Version 1 waits for approval', /\/approval$/)
      const added = await person.reads('#adds')
      for (const item of ['in/orders.csv', 'out/orders.jsonl']) expect(added).toContain(item)
      await person.click('Approve')
      await person.page.waitForURL(/\/deployments\/dep_[\w-]+$/)
      await person.page.locator('#deployment-state', { hasText: 'running' }).waitFor()
    },
    TEST_MS,
  )

  slowTest(
    'its counts move on its page, without the page being loaded anew',
    async () => {
      await person.page.locator('.live-note', { hasText: 'Live' }).waitFor()
      await person.page.evaluate('document.body.marked = true')
      const out = person.page.locator('#component-rows td:nth-child(4)')
      for (let moves = 0; moves < 3; moves++) {
        const hasNotText = (await out.textContent()) ?? ''
        await out.filter({ hasNotText }).waitFor()
      }
      expect(await person.page.evaluate('document.body.marked')).toBe(true)
    },
    TEST_MS,
  )

  slowTest(
    'its figures, its log and its refused records are a click away',
    async () => {
      await person.click('Metrics')
      await person.page.locator('.plot canvas').first().waitFor()
      await person.click('tidy')
      await person.page.locator('.plot canvas').first().waitFor()
      await person.click('Logs')
      await person.page.locator('#logs tbody tr').first().waitFor()
      await person.click('Dead letters')
      await person.sees('csv.not_int')
      await person.click('1', person.page.locator('table[aria-label="Refused records"]'))
      await person.sees('1,many')
      await person.click('Drop this record…')
      await person.type('Type the name to go on', 'order')
      await person.click('Drop')
      await person.sees('the name that was typed is not the name')
      await person.type('Type the name to go on', 'orders')
      await person.click('Drop')
      await person.page.waitForURL(/dead-letters$/)
      await person.page.locator('#reasons .num', { hasText: /^1$/ }).waitFor()
    },
    TEST_MS,
  )

  slowTest(
    'it is stopped, and goes on when it is started anew',
    async () => {
      await person.click('Flow')
      await person.click('Stop')
      await person.sees('Only an owner of this Runtime lets it run again')
      await person.click('Stop it')
      await person.page.locator('#deployment-state', { hasText: 'stopped by owner' }).waitFor()
      // What can be done now changes with it, in place.
      await person.page.getByRole('link', { name: 'Stop', exact: true }).waitFor({ state: 'detached' })
      await person.click('Restart')
      await person.page.locator('#deployment-state', { hasText: 'running' }).waitFor()
    },
    TEST_MS,
  )

  test(
    'a credential is kept, and its value comes back on no page',
    async () => {
      await person.click('Credentials')
      await person.click('New credential')
      await person.click('Password')
      await person.type('Name', 'warehouse')
      await person.type('password', SECRET)
      await person.click('Save')
      await person.sees('sealed in the vault', /\/credentials\/warehouse/)
      expect(await person.page.content()).not.toContain(SECRET)
      await person.click('Credentials', person.page.locator('nav.pages'))
      await person.sees('warehouse', /\/credentials$/)
      expect(await person.page.content()).not.toContain(SECRET)
    },
    TEST_MS,
  )

  slowTest(
    'after signing out the password opens another session, and an authenticator is set up in it',
    async () => {
      const before = await sessionCookie()
      expect(before).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Lax', path: '/' })
      await person.click('owner', person.page.locator('[data-menu]'))
      await person.click('Sign out')
      await person.page.waitForURL(/\/sign-in$/)
      expect(await sessionCookie()).toBeUndefined()
      await person.page.goBack()
      expect(await person.page.content()).not.toContain('warehouse')
      await person.page.goto(`${runtime.ready.url}/credentials`)
      await person.type('Name', 'owner')
      await person.type('Password', PASSWORD)
      await person.click('Sign in')
      await person.page.waitForURL(/\/credentials$/)
      expect((await sessionCookie())?.value).not.toBe(before?.value)
      await person.click('owner', person.page.locator('[data-menu]'))
      await person.click('Your account')
      await person.click('Set up an authenticator')
      await person.click('Show the secret')
      secret = (await person.reads('.secret-value code')).replaceAll(' ', '')
      expect(await person.page.locator('svg.qr').isVisible()).toBe(true)
      await person.type('The code that it shows now', authenticator(secret, { now: Date.now }).code())
      await person.click('Put it in force')
      expect((await person.reads('#secret')).split(' ')).toHaveLength(10)
      await person.click('I have stored it. It will not be shown again.')
      await person.click('Done')
      await person.sees('10 recovery codes left', /\/account\??$/)
    },
    TEST_MS,
  )

  slowTest(
    'from then on the password alone opens nothing: the code comes second',
    async () => {
      await person.click('owner', person.page.locator('[data-menu]'))
      await person.click('Sign out')
      await person.type('Name', 'owner')
      await person.type('Password', PASSWORD)
      await person.click('Sign in')
      await person.sees('Your code', /\/sign-in\/code/)
      expect(await sessionCookie()).toBeUndefined()
      await person.type('Code', '000000')
      await person.click('Sign in')
      await person.sees('Your code')
      // The next one: that of now may be the one that was taken.
      await person.type('Code', authenticator(secret, { now: Date.now }).code(1))
      await person.click('Sign in')
      await person.page.waitForURL(`${runtime.ready.url}/`)
      expect(await sessionCookie()).toBeDefined()
    },
    TEST_MS,
  )

  slowTest(
    'another version is found, reviewed and approved by the keyboard alone, and the focus is always seen',
    async () => {
      await world.deploy(copyBlueprint({ name: 'parcels', runtime: 'factory-01', paths: 'in/parcels.csv' }))
      await person.sees('parcels version 1 waits for your approval')
      const { keyboard } = person.page
      await keyboard.press('?')
      expect(await person.page.locator('#keys').isVisible()).toBe(true)
      await keyboard.press('Escape')
      expect(await person.page.locator('#keys').isVisible()).toBe(false)
      await keyboard.press('g')
      await keyboard.press('d')
      await person.page.waitForURL(/\/deployments$/)
      await keyboard.press('/')
      await keyboard.type('parc')
      await person.page.locator('#deployments', { hasNotText: 'orders' }).waitFor()
      const unseen = await person.tabTo('parcels')
      await keyboard.press('Enter')
      await person.sees('Version 1 waits for approval', /\/deployments\/dep_[\w-]+$/)
      unseen.push(...(await person.tabTo('Review')))
      await keyboard.press('Enter')
      await person.page.waitForURL(/\/approval$/)
      unseen.push(...(await person.tabTo('Approve')))
      await keyboard.press('Enter')
      await person.page.waitForURL(/\/deployments\/dep_[\w-]+$/)
      await person.page.locator('.summary', { hasNotText: 'awaiting' }).waitFor()
      expect(unseen).toEqual([])
    },
    TEST_MS,
  )

  test('no page broke its own policy, threw, or asked another host for anything', () => {
    // What a wrong code, a wrong name and a used link are answered with.
    const refusals = /status of (401|422)/
    expect(person.complaints.filter((text) => !refusals.test(text))).toEqual([])
  })
})
