import { expect, test } from 'bun:test'
import { BrowserName } from '../../src/server/accounts/views/browser-name.tsx'

test('a browser is called by what a person knows, and what is none by what it says, cut and escaped', async () => {
  const names: Record<string, string> = {
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0': 'Firefox on Linux',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0':
      'Edge on Windows',
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36':
      'Chrome on Android',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1':
      'Safari on iOS',
    'curl/8.5.0': 'curl/8.5.0',
    '': '–',
    [`<script>${'x'.repeat(300)}`]: `&lt;script&gt;${'x'.repeat(32)}`,
  }
  for (const [userAgent, name] of Object.entries(names))
    expect(String(await (<BrowserName userAgent={userAgent} />))).toContain(`>${name}</span>`)
})
