import { expect, test } from 'bun:test'
import { testAccounts } from '../support/accounts/open.ts'
import { refusalOf } from '../support/refusal.ts'

async function refused(password: string, name = 'maria.rossi@example.org'): Promise<string> {
  using host = await testAccounts()
  const { id } = await host.accounts.createUser({ name, role: 'viewer' })
  return `${password}: ${await refusalOf(() => host.accounts.setPassword(id, password))}`
}

test.each([
  ...[
    'password1234',
    'Password2025!',
    'passwordpassword',
    'P@ssw0rd1234',
    'letmein12345',
    'iloveyou2026',
    'Welcome12345',
  ],
  ...[
    'admin1234567',
    'changeme1234',
    'summer-2026-!!',
    'sunshine1234',
    'dragon monkey',
    'SluiceAdmin2026',
    'qwerty!12345',
  ],
  ...[
    '123456789012',
    '098765432109',
    'aaaaaaaaaaaa',
    'abcdefgh1234',
    'qwertyuiop12',
    '1qaz2wsx3edc',
    'asdfghjklasdfghjkl',
    'xyzxyzxyzxyz',
  ],
  ...['maria.rossi12', 'my MARIA.ROSSI!', 'maria.rossi@example.org'],
])('a password that is guessed first is refused: %s', async (password) => {
  expect(await refused(password)).toBe(`${password}: account.password_unfit`)
})

test.each([
  ...[
    'correct horse battery staple',
    'a long and lonely winter coat',
    'kV9#tq2Lw7xP',
    '940273518264',
    'summer rain on my red boat',
  ],
  ...['ungewöhnlich lange wörter', '雨の日は静かに本を読む猫と犬'],
])('a password that nobody tries first is taken: %s', async (password) => {
  expect(await refused(password)).toBe(`${password}: nothing`)
})

test('a name of three letters may stand in a word', async () => {
  expect(await refused('a pleasant evening walk', 'lea')).toEndWith('nothing')
})
