/**
 * The recovery key: 256 bits that the owner keeps on paper. Written as `SLR` and fourteen groups of four letters and digits
 * (Crockford's base32), the last five characters a checksum. Nothing of it is kept here but the public key that it stands for.
 */
import { type Bytes, concatBytes, type Random, utf8 } from '../base/mod.ts'
import { type AgreementKey, agreementKeyOf, sha256 } from '../crypto/mod.ts'
import { RecoveryKeyMalformed } from './errors.ts'

const KEY_BYTES = 32
/** 24 bits: of 16 million mistyped keys one is taken for whole, and then opens nothing. With the key 280 bits, 56 characters. */
const CHECK_BYTES = 3
/** Without I, L, O and U, so that none is read as another. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const CHARACTERS = ((KEY_BYTES + CHECK_BYTES) * 8) / 5
const GROUP = 4
const PREFIX = 'SLR'
const LOOKALIKES: Record<string, string> = { I: '1', L: '1', O: '0' }
const CHECK_CONTEXT = utf8('sluice recovery key v1')

/** A new recovery key: its text, to be shown once, and the key that is sealed to. */
export async function createRecoveryKey(random: Random): Promise<{ text: string; publicKey: Bytes }> {
  const seed = random(KEY_BYTES)
  try {
    return { text: await textOf(seed), publicKey: (await agreementKeyOf(seed)).publicKey }
  } finally {
    seed.fill(0)
  }
}

/** The key of a text, however it was spaced and whatever its case. Refuses `recovery_key.malformed`. */
export async function readRecoveryKey(text: string): Promise<AgreementKey> {
  const bytes = decode(text)
  const seed = bytes.slice(0, KEY_BYTES)
  try {
    const check = await checkOf(seed)
    if (!check.every((byte, at) => byte === bytes[KEY_BYTES + at])) {
      throw new RecoveryKeyMalformed('a character of the recovery key is not right')
    }
    return await agreementKeyOf(seed)
  } finally {
    seed.fill(0)
    bytes.fill(0)
  }
}

async function textOf(seed: Bytes): Promise<string> {
  const bytes = concatBytes(seed, await checkOf(seed))
  let characters = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) characters += ALPHABET[(held >> (bits - 5)) & 31]
    held &= 31
  }
  bytes.fill(0)
  return [PREFIX, ...(characters.match(new RegExp(`.{${GROUP}}`, 'g')) ?? [])].join('-')
}

function decode(text: string): Bytes {
  // As people copy it: with spaces for hyphens, over several lines, in small letters.
  const plain = text.toUpperCase().replace(/[\s-]/g, '')
  const body = plain.startsWith(PREFIX) ? plain.slice(PREFIX.length) : plain
  const characters = [...body].map((character) => LOOKALIKES[character] ?? character)
  if (characters.length !== CHARACTERS) {
    throw new RecoveryKeyMalformed(`a recovery key has ${CHARACTERS} letters and digits, not ${characters.length}`)
  }
  const bytes = new Uint8Array(KEY_BYTES + CHECK_BYTES)
  let held = 0
  let bits = 0
  let at = 0
  for (const character of characters) {
    const value = ALPHABET.indexOf(character)
    if (value < 0) throw new RecoveryKeyMalformed('a recovery key has letters and digits only')
    held = ((held & 0xff) << 5) | value
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = (held >> bits) & 0xff
  }
  return bytes
}

async function checkOf(seed: Bytes): Promise<Bytes> {
  return (await sha256(concatBytes(CHECK_CONTEXT, seed))).slice(0, CHECK_BYTES)
}
