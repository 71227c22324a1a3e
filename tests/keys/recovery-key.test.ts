import { describe, expect, test } from 'bun:test'
import { base64url, systemRandom } from '../../src/base/mod.ts'
import { createRecoveryKey, readRecoveryKey } from '../../src/keys/recovery-key.ts'
import { refusalOf } from '../support/refusal.ts'

describe('a recovery key', () => {
  test('is written in fourteen groups of four that are easy to tell apart, and reads back as the same key', async () => {
    const { text, publicKey } = await createRecoveryKey(systemRandom)
    expect(text).toMatch(/^SLR(-[0-9A-HJKMNP-TV-Z]{4}){14}$/)
    expect((await readRecoveryKey(text)).publicKey).toEqual(publicKey)
  })

  test('is always the same for the same chance, and another for another', async () => {
    const zero = () => new Uint8Array(32)
    expect((await createRecoveryKey(zero)).text).toBe((await createRecoveryKey(zero)).text)
    expect((await createRecoveryKey(systemRandom)).text).not.toBe((await createRecoveryKey(systemRandom)).text)
  })

  test('may be typed in small letters, with spaces and line ends, without its prefix, with O for 0 and l for 1', async () => {
    const ones = () => new Uint8Array(32).fill(0x08)
    const { text, publicKey } = await createRecoveryKey(ones)
    expect(text).toMatch(/0.*1|1.*0/)
    const typed = text
      .toLowerCase()
      .replace(/^slr-/, '')
      .replaceAll('-', ' \n')
      .replaceAll('0', 'o')
      .replaceAll('1', 'l')
    expect((await readRecoveryKey(typed)).publicKey).toEqual(publicKey)
  })

  test('is refused when any one character is another, when two are swapped, when it is cut or goes on', async () => {
    const { text } = await createRecoveryKey(systemRandom)
    for (let at = 4; at < text.length; at++) {
      if (text[at] === '-') continue
      const other = text[at] === '7' ? '8' : '7'
      expect(await refusalOf(() => readRecoveryKey(text.slice(0, at) + other + text.slice(at + 1)))).toBe(
        'recovery_key.malformed',
      )
    }
    const swapped = text.replace(/^(SLR-.*?)([0-9A-Z])(?!\2)([0-9A-Z])/, '$1$3$2')
    expect(swapped).not.toBe(text)
    for (const wrong of [swapped, text.slice(0, -1), `${text}A`, '', text.replace(/.$/, 'U')]) {
      expect(await refusalOf(() => readRecoveryKey(wrong))).toBe('recovery_key.malformed')
    }
  })

  test('no refusal repeats what was typed', async () => {
    const { text } = await createRecoveryKey(systemRandom)
    const wrong = `${text.slice(0, -1)}${text.endsWith('7') ? '8' : '7'}`
    const error: unknown = await readRecoveryKey(wrong).catch((thrown: unknown) => thrown)
    expect(Bun.inspect(error)).not.toContain(text.slice(4, 13))
    expect(Bun.inspect(error)).not.toContain(base64url(new TextEncoder().encode(text)))
  })
})
