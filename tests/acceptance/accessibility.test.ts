import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { isQuick, slowTest } from '../support/quick.ts'
import { chromiumPath, openBrowser } from '../support/web/browser.ts'
import { type Furnished, type FurnishedSite, furnish } from '../support/web/furnished.ts'
import { type Visited, walkPages } from '../support/web/walk.ts'

/** What axe finds; only what keeps people from using a page counts here. */
type Violation = { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }
const COUNTED = new Set(['serious', 'critical'])

const LOOKS: Record<string, BrowserContextOptions> = {
  light: { viewport: { width: 1_280, height: 900 } },
  dark: { viewport: { width: 1_280, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
}

/** A phone, a small window, a desk. */
const WIDTHS = [390, 800, 1_280]
const LONG_STATE = 'awaiting approval, 1,234,567 records, 12,345 refused'
const LONG_NAME = 'orders-of-the-northern-warehouse-nightly-reconciliation-and-more'

/** In the browser: every state says the longest that one says, every name and title has as many letters as one may. */
const LENGTHENED = `
  for (const state of document.querySelectorAll('.state')) state.lastChild.textContent = '${LONG_STATE}'
  const names = '.rows td:first-child > a, .needs li > div, h1, .band strong span, .summary summary'
  for (const { firstChild } of document.querySelectorAll(names))
    if (firstChild?.nodeType === Node.TEXT_NODE) firstChild.textContent = '${LONG_NAME}'`

type Measured = { wide: number; hidden: number; spilt: number }
const MEASURED = `(() => {
  const right = (element) => element.getBoundingClientRect().right
  const entries = [...document.querySelectorAll('nav.pages a')]
  const tables = [...document.querySelectorAll('.card > table')]
  return {
    wide: document.documentElement.scrollWidth,
    hidden: entries.filter((entry) => right(entry) > innerWidth || entry.getBoundingClientRect().left < 0).length,
    spilt: tables.filter((table) => right(table) > right(table.parentElement) + 1).length,
  }
})()`

describe.skipIf(chromiumPath === undefined || isQuick)('every page of a Platform and a Runtime', () => {
  let furnished: Furnished
  let browser: Browser
  const pages = new Map<FurnishedSite, Map<string, Visited>>()

  beforeAll(async () => {
    furnished = await furnish()
    browser = await openBrowser()
    for (const site of furnished.sites) pages.set(site, await walkPages(site.visit, [site.home, signInOf(site)]))
  }, 180_000)
  afterAll(async () => {
    await browser?.close()
    await furnished?.[Symbol.asyncDispose]()
  }, 60_000)

  test('is there: no link of any page leads nowhere', () => {
    for (const [site, found] of pages) {
      expect(found.size).toBeGreaterThan(3)
      const dead = [...found].filter(([, { status }]) => status >= 400).map(([path]) => `${site.name} ${path}`)
      expect(dead).toEqual([])
    }
  })

  for (const [look, options] of Object.entries(LOOKS)) {
    test(`has no serious fault that axe knows, ${look}, and is no wider than the window`, async () => {
      const faults: string[] = []
      for (const [site, found] of pages) faults.push(...(await faultsOf(site, htmlOf(found, look), options)))
      expect(faults).toEqual([])
    }, 300_000)
  }

  slowTest(
    'is no wider than any window, with names and states as long as they come, and shows every entry of its navigation',
    async () => {
      const faults: string[] = []
      for (const [site, found] of pages) faults.push(...(await widthsOf(site, htmlOf(found, 'phone'))))
      expect(faults).toEqual([])
    },
    300_000,
  )

  async function widthsOf(site: FurnishedSite, paths: string[]): Promise<string[]> {
    const headers = { authorization: `Bearer ${site.token}` }
    const context = await browser.newContext({ ignoreHTTPSErrors: true, extraHTTPHeaders: headers })
    const page = await context.newPage()
    const faults: string[] = []
    for (const path of paths) {
      await page.goto(`${site.url}${path}`)
      await page.evaluate(LENGTHENED)
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 844 })
        const { wide, hidden, spilt } = (await page.evaluate(MEASURED)) as Measured
        if (wide > width) faults.push(`${site.name} ${path} at ${width}: ${wide} px wide`)
        if (hidden > 0) faults.push(`${site.name} ${path} at ${width}: ${hidden} entries of the navigation are hidden`)
        if (spilt > 0) faults.push(`${site.name} ${path} at ${width}: ${spilt} tables are wider than their cards`)
      }
    }
    await context.close()
    return faults
  }

  async function faultsOf(site: FurnishedSite, paths: string[], options: BrowserContextOptions): Promise<string[]> {
    const headers = { authorization: `Bearer ${site.token}` }
    const context = await browser.newContext({ ...options, ignoreHTTPSErrors: true, extraHTTPHeaders: headers })
    const page = await context.newPage()
    const faults: string[] = []
    page.on('console', (message) => message.type() === 'error' && faults.push(`${page.url()}: ${message.text()}`))
    page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`))
    for (const path of paths) {
      await page.goto(`${site.url}${path}`)
      const { default: axe } = await import('axe-core')
      await page.evaluate(axe.source)
      const found = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as Violation[]
      for (const { id, impact, nodes } of found.filter((one) => COUNTED.has(one.impact))) {
        faults.push(
          `${site.name} ${path}: ${id} (${impact}) at ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
        )
      }
      const wide = (await page.evaluate('document.documentElement.scrollWidth')) as number
      if (wide > (options.viewport?.width ?? 0)) faults.push(`${site.name} ${path}: ${wide} px wide`)
    }
    await context.close()
    return faults
  }
})

function signInOf({ home }: FurnishedSite): string {
  return `${home}sign-in`
}

const ID = /[a-z]+_[0-9a-f-]{36}/g

/**
 * Every address in light. In the other looks, and of addresses with a query, one of those that differ in their ids alone: what is
 * drawn of them is the same, but for deployments, which show the states that there are.
 */
function htmlOf(found: Map<string, Visited>, look: string): string[] {
  const kinds = new Map<string, string>()
  for (const [path, { status, type }] of found) {
    if (status !== 200 || !type.startsWith('text/html')) continue
    const [address = '', query] = path.split('?')
    const kind = address.replace(ID, '*')
    const each = query === undefined && (look === 'light' || kind.endsWith('/deployments/*'))
    kinds.set(each ? address : kind, path)
  }
  return [...kinds.values()]
}
