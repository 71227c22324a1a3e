/** A person's authenticator, by RFC 6238 and RFC 4226 over node:crypto: not by the library that the code under test uses. */
import { createHmac } from 'node:crypto'
import type { FrozenClock } from '../frozen-clock.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export function authenticator(secret: string, clock: Pick<FrozenClock, 'now'>) {
  const bits = [...secret].map((character) => ALPHABET.indexOf(character).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  return {
    /** The code of now, or of a step so many before or after. */
    code(steps = 0): string {
      const counter = Buffer.alloc(8)
      counter.writeBigUInt64BE(BigInt(Math.floor(clock.now() / 30_000) + steps))
      const mac = createHmac('sha1', key).update(counter).digest()
      const number = mac.readUInt32BE((mac.at(-1) ?? 0) & 0xf) & 0x7fff_ffff
      return String(number % 1_000_000).padStart(6, '0')
    },
  }
}
