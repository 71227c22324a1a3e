/** A person at a browser: with a mouse, who clicks what they read and types into fields by their labels, or with the keyboard alone. */
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'

/** Steps from one end of the longest page to the other. */
const TABS_MAX = 120

export class Person implements AsyncDisposable {
  readonly page: Page
  /** What the browser complained of: errors of pages and of their policy, and requests to other hosts than the server's. */
  readonly complaints: string[] = []
  readonly #context: BrowserContext

  private constructor(context: BrowserContext, page: Page, host: string) {
    this.#context = context
    this.page = page
    page.on('console', (message) => message.type() === 'error' && this.#complain(message.text()))
    page.on('pageerror', (error) => this.#complain(error.message))
    page.on('request', (request) => new URL(request.url()).host !== host && this.#complain(request.url()))
  }

  /** In a browser that has never been there; it takes the self-signed certificate, as its person has compared the fingerprint. */
  static async of(browser: Browser, server: string, waitMs: number): Promise<Person> {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1_280, height: 900 } })
    const page = await context.newPage()
    page.setDefaultTimeout(waitMs)
    return new Person(context, page, new URL(server).host)
  }

  #complain(text: string): void {
    this.complaints.push(`${this.page.url()}: ${text}`)
  }

  /** Clicks the button, link or tick of that name; `within` a part of the page. */
  async click(name: string, within: Locator | Page = this.page): Promise<void> {
    await this.#named(name, within).first().click()
  }

  /** Types into the field of that label, in place of what stood there. */
  async type(label: string, text: string): Promise<void> {
    await this.page.getByLabel(label, { exact: true }).fill(text)
  }

  /** Waits until the page says so, and has come there: the address ends in `at`. */
  async sees(words: string | RegExp, at?: RegExp): Promise<void> {
    if (at) await this.page.waitForURL(at)
    await this.page.getByText(words).first().waitFor()
  }

  /** The whole text of the first element that fits. */
  async reads(selector: string): Promise<string> {
    return (await this.page.locator(selector).first().textContent())?.trim() ?? ''
  }

  /** The session's cookies. */
  cookies(): ReturnType<BrowserContext['cookies']> {
    return this.#context.cookies()
  }

  /**
   * Presses Tab until the button or link of that name has the focus, and gives whatever had it on the way without showing so:
   * without an outline, outside of the window, or behind something.
   */
  async tabTo(name: string): Promise<string[]> {
    const unseen: string[] = []
    for (let presses = 0; presses < TABS_MAX; presses++) {
      await this.page.keyboard.press('Tab')
      const { words, seen } = (await this.page.evaluate(FOCUSED)) as { words: string; seen: boolean }
      if (!seen) unseen.push(words)
      if (words === name) return unseen
    }
    throw new Error(`the keyboard does not come to “${name}”`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close()
  }

  #named(name: string, within: Locator | Page): Locator {
    const exact = { name, exact: true }
    const roles = within.getByRole('button', exact).or(within.getByRole('link', exact))
    return roles.or(within.getByRole('checkbox', { name })).or(within.locator('summary', { hasText: name }))
  }
}

/** In the page: what has the focus, and whether a person can see that. */
const FOCUSED = `(() => {
  const one = document.activeElement
  const { outlineStyle, outlineWidth } = getComputedStyle(one)
  const box = one.getBoundingClientRect()
  const above = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
  const inside = above !== null && (one.contains(above) || above.contains(one))
  const words = (one.getAttribute('aria-label') ?? one.innerText ?? '').trim() || one.name || one.tagName
  return { words, seen: one === document.body || (inside && outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1) }
})()`
