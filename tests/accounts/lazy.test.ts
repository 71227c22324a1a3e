import { expect, test } from 'bun:test'
import { fileURLToPath } from 'node:url'
import { readSources } from '../../scripts/source-files.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

test('what only a few sign-ins need is loaded by them, not by every start', () => {
  const rare = ['otplib', 'openid-client', 'uqr', '@node-rs/argon2']
  const eager = readSources(ROOT, 'src').flatMap(({ path, text }) =>
    rare
      .filter((name) => new RegExp(`^(import|export) (?!type)[^;]*? from '${name}'`, 'm').test(text))
      .map((name) => `${path}: ${name}`),
  )
  expect(eager).toEqual([])
})
