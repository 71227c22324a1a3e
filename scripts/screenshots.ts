/**
 * `npm run screenshots`: every page of a Platform and a Runtime in which something of everything has happened, light, dark and as on a
 * phone, into `screenshots/`. Pages are found by their links. Needs Chromium.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { openBrowser } from '../tests/support/web/browser.ts'
import { type FurnishedSite, furnish } from '../tests/support/web/furnished.ts'
import { walkPages } from '../tests/support/web/walk.ts'

const FOLDER = join(import.meta.dirname, '..', 'screenshots')
/** What live parts and charts take to be there. */
const SETTLE_MS = 400

const LOOKS: Record<string, BrowserContextOptions> = {
  light: { viewport: { width: 1_280, height: 900 } },
  dark: { viewport: { width: 1_280, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
}

rmSync(FOLDER, { recursive: true, force: true })
mkdirSync(FOLDER)
await using furnished = await furnish()
const browser = await openBrowser()
let count = 0
for (const site of furnished.sites) count += await shoot(browser, site)
await browser.close()
console.log(`${count} pictures in ${FOLDER}`)

async function shoot(on: Browser, site: FurnishedSite): Promise<number> {
  const pages = await walkPages(site.visit, [site.home, `${site.home}sign-in`, `${site.home}not-there`])
  const paths = [...pages].filter(([, { type }]) => type.startsWith('text/html'))
  for (const [look, options] of Object.entries(LOOKS)) {
    const headers = { authorization: `Bearer ${site.token}` }
    const context = await on.newContext({ ...options, ignoreHTTPSErrors: true, extraHTTPHeaders: headers })
    const page = await context.newPage()
    for (const [path] of paths) {
      await page.goto(`${site.url}${path}`)
      await page.waitForTimeout(SETTLE_MS)
      // As tall as the page, so that what stays at the bottom of the window is not in the middle of the picture.
      const height = (await page.evaluate('document.documentElement.scrollHeight')) as number
      const width = options.viewport?.width ?? 0
      await page.setViewportSize({ width, height: Math.max(height, options.viewport?.height ?? 0) })
      await page.screenshot({ path: join(FOLDER, `${site.name}${nameOf(path)}.${look}.png`), fullPage: true })
      if (options.viewport) await page.setViewportSize(options.viewport)
    }
    await context.close()
  }
  return paths.length * Object.keys(LOOKS).length
}

/** An address as the name of a file; ids are cut to what tells them apart. */
function nameOf(path: string): string {
  return path
    .replace(/\b([a-z]{2,4}_)[0-9a-f-]{20,}([0-9a-f]{6})\b/g, '$1$2')
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 120)
}
