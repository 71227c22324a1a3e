/** What authority and leaf certificates share: the library that writes them, loaded when it is needed, serials, times. */
import type * as Library from '@peculiar/x509'
import { hex, type Random } from '../base/mod.ts'

/** The curve and hash of every certificate we sign. */
export const CERTIFICATE_ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/**
 * The library that writes certificates. Loading it takes 50 ms and 16 MB, and most starts issue nothing, so it is loaded at its
 * first use. In two steps: it reads what the first one provides while it loads, and bundlers reorder what one module imports.
 */
export async function loadX509(): Promise<typeof Library> {
  await import('reflect-metadata')
  return await import('@peculiar/x509')
}

/** RFC 5280 §4.1.2.2: positive and at most 20 bytes; 16 of them, the first one 40 to 7f, so that DER needs no padding. */
export function serialNumber(random: Random): string {
  const bytes = random(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return hex(bytes)
}
