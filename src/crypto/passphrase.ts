/** A key from a passphrase: argon2id (RFC 9106), by the host's implementation, elsewhere @node-rs/argon2. */
import * as nodeCrypto from 'node:crypto'
import type { Bytes } from '../base/mod.ts'
import { InputMalformed } from './errors.ts'

/** What makes guessing dear. Stands beside what the key seals, so the bounds below are of what strangers may write there. */
export type PassphraseCost = { memoryKiB: number; passes: number }

/** RFC 9106's second choice but for its lanes: 64 MiB, three passes; ~0.2 s on a server core. */
export const PASSPHRASE_COST: PassphraseCost = { memoryKiB: 65_536, passes: 3 }
/** 1 GiB and 16 passes ≈ 20 s: more is somebody's attempt to keep us busy. */
const COST_MAX: PassphraseCost = { memoryKiB: 1_048_576, passes: 16 }
const SALT_BYTES = 16
const KEY_BYTES = 32

type Argon2 = (
  algorithm: 'argon2id',
  options: {
    message: Buffer
    nonce: Uint8Array
    parallelism: number
    tagLength: number
    memory: number
    passes: number
  },
  done: (error: Error | null, key: Uint8Array) => void,
) => void

/** 32 bytes of a passphrase (NFKC, so that every keyboard makes the same) and 16 bytes of salt. Refuses `crypto.input_malformed`. */
export async function keyOfPassphrase(passphrase: string, salt: Bytes, cost: PassphraseCost): Promise<Bytes> {
  const { memoryKiB, passes } = cost
  const whole = Number.isSafeInteger(memoryKiB) && Number.isSafeInteger(passes)
  if (!whole || memoryKiB < 8 || memoryKiB > COST_MAX.memoryKiB || passes < 1 || passes > COST_MAX.passes) {
    throw new InputMalformed('the cost of the passphrase is outside its bounds')
  }
  if (salt.byteLength !== SALT_BYTES) throw new InputMalformed(`the salt has ${SALT_BYTES} bytes`)
  const message = Buffer.from(passphrase.normalize('NFKC'), 'utf8')
  try {
    const ofHost: Argon2 | undefined = Reflect.get(nodeCrypto, 'argon2')
    return new Uint8Array(ofHost ? await byHost(ofHost, message, salt, cost) : await byLibrary(message, salt, cost))
  } finally {
    message.fill(0)
  }
}

function byHost(argon2: Argon2, message: Buffer, nonce: Bytes, cost: PassphraseCost): Promise<Uint8Array> {
  const { memoryKiB: memory, passes } = cost
  const options = { message, nonce, parallelism: 1, tagLength: KEY_BYTES, memory, passes }
  return new Promise((resolve, reject) => {
    argon2('argon2id', options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}

/** Not a literal import: the compiled program runs on Bun, and a bundler would drag a native addon into it for nothing. */
async function byLibrary(message: Buffer, salt: Bytes, { memoryKiB, passes }: PassphraseCost): Promise<Uint8Array> {
  const specifier = '@node-rs/argon2'
  const { hashRaw }: typeof import('@node-rs/argon2') = await import(specifier)
  const options = { memoryCost: memoryKiB, timeCost: passes, parallelism: 1, outputLen: KEY_BYTES, salt }
  return hashRaw(message, options)
}
