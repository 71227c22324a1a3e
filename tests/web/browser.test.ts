import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { isQuick, slowTest } from '../support/quick.ts'
import { chromiumPath, openBrowser } from '../support/web/browser.ts'
import { type Pages, servePages } from '../support/web/pages.tsx'

const able = chromiumPath !== undefined && !isQuick
let browser: Browser
let context: BrowserContext
let pages: Pages
const complaints: string[] = []

beforeAll(async () => {
  if (!able) return
  pages = servePages()
  browser = await openBrowser()
  context = await browser.newContext({ viewport: { width: 1_280, height: 800 } })
}, 30_000)
afterAll(async () => {
  await browser?.close()
  pages?.stop()
})

/** A page of one context for all tests, which share its cache as a person's tabs do. */
async function open(path: string, options: { heldTime?: boolean } = {}): Promise<Page> {
  const page = await context.newPage()
  if (options.heldTime) await page.clock.install()
  page.setDefaultTimeout(5_000)
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(pages.url + path)
  return page
}

describe.skipIf(!able)('in a browser', () => {
  slowTest(
    'a live part updates in place: the focused link and the nodes around it stay',
    async () => {
      const page = await open('/')
      await page.locator('.live-note', { hasText: 'Live' }).waitFor()
      await page.locator('#deployment-state .copy').focus()
      await page.evaluate('document.querySelector("#component-orders b").marked = true')
      pages.setCount(4_242)
      await page.locator('#deployment-components', { hasText: '4,242' }).waitFor()
      expect(await page.evaluate('document.activeElement.className')).toBe('copy small')
      expect(await page.evaluate('document.querySelector("#component-orders b").marked')).toBe(true)
      pages.setCount(4_243)
      await page.locator('#component-orders b.late', { hasText: '1' }).waitFor()
      await page.close()
    },
    15_000,
  )

  slowTest(
    'on a phone the tab that one is on is in sight, and the way back ends with what is above',
    async () => {
      const page = await open('/')
      await page.setViewportSize({ width: 390, height: 844 })
      await page.goto(`${pages.url}/gallery`)
      const box = await page.locator('.tabs [aria-current]').boundingBox()
      expect(box?.x).toBeGreaterThanOrEqual(0)
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390)
      const marks = 'document.querySelector(".crumbs li:last-child")'
      expect(await page.evaluate(`getComputedStyle(${marks}, "::after").content`)).toBe('none')
      await page.close()
    },
    15_000,
  )

  test('a page whose stream breaks says so, and recovers by itself', async () => {
    const page = await open('/', { heldTime: true })
    await page.locator('.live-note', { hasText: 'Live' }).waitFor()
    await page.route('**/live', (route) => route.abort())
    // As if the tab had been hidden and shown: the stream is opened again, and fails now.
    await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))')
    await page.clock.fastForward(3_000)
    await page.locator('.live-note', { hasText: 'Reconnecting' }).waitFor()
    await page.unroute('**/live')
    await page.clock.fastForward(5_000)
    await page.locator('.live-note', { hasText: 'Live' }).waitFor()
    await page.close()
  }, 15_000)

  test('a session that ends is told', async () => {
    const page = await open('/')
    await page.locator('.live-note', { hasText: 'Live' }).waitFor()
    pages.holdLive(true)
    await page.locator('.live-note', { hasText: 'Signed out' }).waitFor()
    pages.holdLive(false)
    await page.close()
  }, 15_000)

  slowTest(
    'keys filter, go to pages and list themselves, but not while typing',
    async () => {
      const page = await open('/')
      await page.keyboard.press('?')
      expect(await page.locator('#keys').isVisible()).toBe(true)
      await page.keyboard.press('Escape')
      await page.keyboard.press('g')
      await page.keyboard.press('l')
      await page.waitForURL('**/list')
      await page.keyboard.press('/')
      await page.keyboard.type('gl/cloud?')
      expect(await page.locator('[data-filter]').inputValue()).toBe('gl/cloud?')
      expect(page.url()).toContain('/list')
      expect(await page.locator('#keys').isVisible()).toBe(false)
      await page.close()
    },
    15_000,
  )

  slowTest(
    'a filter answers while one types, keeps the focus and its address',
    async () => {
      const page = await open('/list')
      await page.locator('[data-filter]').pressSequentially('cloud')
      await page.locator('#names', { hasNotText: 'factory-01' }).waitFor()
      expect(await page.locator('#names').textContent()).toContain('cloud-01')
      expect(await page.evaluate('document.activeElement.name')).toBe('filter')
      await page.waitForURL('**/list?*filter=cloud')
      await page.close()
    },
    15_000,
  )

  slowTest(
    'what was typed into a filter before its script was there is not lost',
    async () => {
      const page = await context.newPage()
      page.setDefaultTimeout(5_000)
      const held = Promise.withResolvers<void>()
      await page.route('**/assets/htmx.*', async (route) => {
        await held.promise
        await route.continue()
      })
      await page.goto(`${pages.url}/list`, { waitUntil: 'commit' })
      await page.locator('[data-filter]').pressSequentially('cloud')
      expect(await page.locator('#names').textContent()).toContain('factory-01')
      held.resolve()
      await page.locator('#names', { hasNotText: 'factory-01' }).waitFor()
      await page.waitForURL('**/list?*filter=cloud')
      await page.close()
    },
    15_000,
  )

  test('a password can be shown while it is typed', async () => {
    const page = await open('/sign-in')
    await page.locator('#password').fill('secret')
    await page.locator('[data-reveal]').click()
    expect(await page.locator('#password').getAttribute('type')).toBe('text')
    await page.locator('[data-reveal]').click()
    expect(await page.locator('#password').getAttribute('type')).toBe('password')
    await page.close()
  }, 15_000)

  slowTest(
    'everything reads without scripts, and the filter works by its form',
    async () => {
      const page = await browser.newPage({ javaScriptEnabled: false })
      await page.goto(`${pages.url}/list`)
      await page.locator('[data-filter]').fill('cloud')
      await page.keyboard.press('Enter')
      await page.waitForURL('**/list?*filter=cloud')
      expect(await page.locator('#names').textContent()).not.toContain('factory-01')
      await page.goto(pages.url)
      expect(await page.locator('.flow').getAttribute('aria-label')).toContain('orders (map) on factory is running')
      expect(await page.locator('.copy').first().isVisible()).toBe(false)
      await page.close()
    },
    15_000,
  )

  const plotsOf = (page: Page) => page.evaluate('document.querySelectorAll(".plot canvas").length')
  const zoomOut = '[data-zoom-out]'

  slowTest(
    'charts are drawn from their tables, and what is zoomed in one is zoomed in all until the whole is wanted again',
    async () => {
      const page = await open('/gallery')
      await page.locator('.plot canvas').first().waitFor()
      expect(await plotsOf(page)).toBe(2)
      const over = page.locator('.u-over').first()
      await over.scrollIntoViewIfNeeded()
      const box = await over.boundingBox()
      if (!box) throw new Error('the first chart has no place')
      expect(await page.locator(zoomOut).isVisible()).toBe(false)
      await page.mouse.move(box.x + 40, box.y + 40)
      await page.mouse.down()
      await page.mouse.move(box.x + 140, box.y + 45, { steps: 4 })
      await page.mouse.up()
      await page.locator(zoomOut).waitFor({ state: 'visible' })
      await page.mouse.move(box.x + 60, box.y + 40)
      for (const readout of await page.locator('.readout').allTextContents())
        expect(readout).toMatch(/^08:\d\d:\d\d UTC · /)
      await page.locator(zoomOut).click()
      await page.locator(zoomOut).waitFor({ state: 'hidden' })
      await page.close()
    },
    15_000,
  )

  slowTest(
    'a chart is saved as an image, and a page is printed white, without what one gets about by, its charts drawn',
    async () => {
      const page = await open('/gallery')
      await page.locator('.plot canvas').first().waitFor()
      const saving = page.waitForEvent('download')
      await page.locator('[data-png]').first().click()
      const download = await saving
      expect(download.suggestedFilename()).toMatch(/^[a-z0-9-]+\.png$/)
      expect((await Bun.file(await download.path()).bytes()).slice(1, 4)).toEqual(new TextEncoder().encode('PNG'))
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
      const shown = (selector: string) => page.locator(selector).first().isVisible()
      expect(await Promise.all(['nav', '.band', '[data-png]', '.readout'].map(shown))).toEqual(Array(4).fill(false))
      expect(await Promise.all(['.plot canvas', 'h1', 'table'].map(shown))).toEqual([true, true, true])
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)')
      await page.close()
    },
    15_000,
  )

  slowTest(
    'a chart moves on with its table, which is there to be read without scripts',
    async () => {
      const page = await open('/gallery')
      await page.locator('.live-note', { hasText: 'Live' }).waitFor()
      const drawn = () => page.evaluate('document.querySelector(".plot canvas").toDataURL()')
      const before = await drawn()
      pages.setCount(1_600_000)
      await page.locator('#rate-figures', { hasText: '1,600,000' }).waitFor({ state: 'attached' })
      for (let tries = 0; tries < 100 && (await drawn()) === before; tries++) await page.waitForTimeout(50)
      expect(await drawn()).not.toBe(before)
      pages.setCount(1)
      await page.close()
      const plain = await browser.newPage({ javaScriptEnabled: false })
      await plain.goto(`${pages.url}/gallery`)
      expect(await plain.locator('.plot').first().isVisible()).toBe(false)
      await plain.locator('.chart summary').first().click()
      expect(await plain.locator('#rate-figures table').isVisible()).toBe(true)
      await plain.close()
    },
    15_000,
  )

  slowTest(
    'the user’s menu opens, closes by Escape and by a click elsewhere, and opens without scripts',
    async () => {
      const page = await open('/gallery')
      const signOut = page.locator('.menu button')
      await page.locator('.menu summary').click()
      expect(await signOut.isVisible()).toBe(true)
      await page.keyboard.press('Escape')
      expect(await signOut.isVisible()).toBe(false)
      await page.locator('.menu summary').click()
      await page.locator('h1').click()
      expect(await signOut.isVisible()).toBe(false)
      await page.close()
      const plain = await browser.newPage({ javaScriptEnabled: false })
      await plain.goto(`${pages.url}/gallery`)
      await plain.locator('.menu summary').click()
      expect(await plain.locator('.menu button').isVisible()).toBe(true)
      await plain.close()
    },
    15_000,
  )

  test('a page of ours does not open in the frame of another one', async () => {
    const page = await context.newPage()
    await page.setContent(`<iframe src="${pages.url}/sign-in"></iframe>`)
    const inner = page.frames().find((frame) => frame !== page.mainFrame())
    expect(inner?.url()).toBe('chrome-error://chromewebdata/')
    expect(await inner?.locator('form').count()).toBe(0)
    await page.close()
  }, 15_000)

  slowTest(
    'a secret that is shown once is not left unasked until it is said to be stored',
    async () => {
      const page = await open('/gallery')
      const asked: string[] = []
      page.on('dialog', async (dialog) => {
        asked.push(dialog.type())
        await dialog.dismiss()
      })
      // Browsers ask only where somebody has done something on the page.
      await page.locator('.secret h2').click()
      await page.goto(`${pages.url}/list`).catch(() => undefined)
      expect([asked, new URL(page.url()).pathname]).toEqual([['beforeunload'], '/gallery'])
      await page.locator('form[data-stored] input').check()
      await page.goto(`${pages.url}/list`)
      expect([asked, new URL(page.url()).pathname]).toEqual([['beforeunload'], '/list'])
      await page.close()
    },
    15_000,
  )

  slowTest(
    'on a phone no word of a table’s heads is broken',
    async () => {
      const page = await open('/gallery')
      await page.setViewportSize({ width: 360, height: 800 })
      const wraps = 'getComputedStyle(document.querySelector(".rows td:not(:first-child)"), "::before").overflowWrap'
      expect(await page.evaluate(wraps)).toBe('normal')
      await page.close()
    },
    15_000,
  )

  slowTest(
    'a phone has its navigation at the bottom and nothing wider than itself',
    async () => {
      const page = await open('/')
      await page.setViewportSize({ width: 390, height: 800 })
      const box = await page.locator('nav').boundingBox()
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBe(800)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
      await page.close()
      const gallery = await open('/gallery')
      await gallery.setViewportSize({ width: 390, height: 800 })
      expect(await gallery.evaluate('document.documentElement.scrollWidth')).toBe(390)
      const content = 'getComputedStyle(document.querySelectorAll("#credentials td")[3], "::before").content'
      expect(await gallery.evaluate(content)).toContain('Bytes')
      await gallery.close()
    },
    15_000,
  )

  test('no page broke its own security policy or threw', () => {
    expect(complaints.filter((text) => !text.includes('ERR_FAILED') && !text.includes('503'))).toEqual([])
  })
})
