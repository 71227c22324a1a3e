import { describe, expect, test } from 'bun:test'
import { systemRandom } from '../../src/base/mod.ts'
import { generatePrivateKey, KEY_ALGORITHMS, publicPartOf } from '../../src/keys/key-pairs.ts'
import { sshPublicOf } from '../../src/keys/ssh-key.ts'
import { sshVectors, weakSshKey } from '../support/keys/ssh-vectors.ts'
import { slowTest } from '../support/quick.ts'

describe('a private SSH key', () => {
  for (const { title, privateKey, passphrase, publicKey, fingerprint } of sshVectors) {
    test(`${title}: public part and fingerprint are those of ssh-keygen`, async () => {
      expect(await sshPublicOf(privateKey, passphrase)).toEqual({ publicKey, fingerprint })
    })
    if (passphrase !== undefined) {
      test(`${title}: is not taken without it`, async () => {
        expect(await sshPublicOf(privateKey)).toBeUndefined()
      })
    }
  }

  test('in PEM with another passphrase is not taken', async () => {
    expect(await sshPublicOf(sshVectors[3]?.privateKey ?? '', 'another')).toBeUndefined()
  })

  test('of 1,024 bits is too short', async () => {
    expect(await sshPublicOf(weakSshKey)).toBeUndefined()
  })

  test('that is cut, bent or something else is not taken, and nothing throws', async () => {
    const whole = sshVectors[0]?.privateKey ?? ''
    const lines = whole.trim().split('\n')
    for (const text of ['', 'ssh-ed25519 AAAA', whole.slice(0, 120), whole.replace('BEGIN OPENSSH', 'BEGIN')]) {
      expect(await sshPublicOf(text)).toBeUndefined()
    }
    // Every place at which the base64 is cut.
    const inner = lines.slice(1, -1).join('')
    for (let length = 4; length < inner.length - 8; length += 4) {
      const cut = [lines[0], inner.slice(0, length), lines.at(-1), ''].join('\n')
      expect(await sshPublicOf(cut)).toBeUndefined()
    }
  })

  test('whose public part was exchanged for that of another type is not taken', async () => {
    const bytes = Buffer.from((sshVectors[0]?.privateKey ?? '').split('\n').slice(1, -2).join(''), 'base64')
    const at = bytes.lastIndexOf('ssh-ed25519')
    bytes.write('ssh-ed25510', at)
    const bent = `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`
    expect(await sshPublicOf(bent)).toBeUndefined()
  })
})

describe('a key that is made here', () => {
  for (const algorithm of KEY_ALGORITHMS) {
    // Primes take their time.
    const timed = algorithm.startsWith('rsa') ? slowTest : test
    timed(`${algorithm}: its OpenSSH form and its PEM are read back`, async () => {
      const ssh = await generatePrivateKey(algorithm, true, systemRandom)
      expect(ssh).toStartWith('-----BEGIN OPENSSH PRIVATE KEY-----\n')
      expect((await sshPublicOf(ssh))?.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/)
      const pem = await generatePrivateKey(algorithm, false, systemRandom)
      expect(pem).toStartWith('-----BEGIN PRIVATE KEY-----\n')
      expect((await publicPartOf(pem))?.publicKey).toStartWith('-----BEGIN PUBLIC KEY-----\n')
    })
  }

  test('two are never the same', async () => {
    const [one, two] = await Promise.all([1, 2].map(() => generatePrivateKey('ed25519', false, systemRandom)))
    expect(one).not.toBe(two as string)
  })
})
