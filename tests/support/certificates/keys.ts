/** Keys as PEM for tests. */
import { generateKeyPairSync } from 'node:crypto'

export function accountKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
}
