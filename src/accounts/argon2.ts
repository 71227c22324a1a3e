/** argon2id (RFC 9106) by the host's implementation: Bun has its own, elsewhere @node-rs/argon2. Both write the same PHC strings. */

/** OWASP's first choice: 19 MiB, two passes, one lane; ~30 ms on a server core. */
export const MEMORY_KIB = 19_456
const PASSES = 2

export async function argon2Hash(password: string): Promise<string> {
  if (typeof Bun !== 'undefined') {
    return Bun.password.hash(password, { algorithm: 'argon2id', memoryCost: MEMORY_KIB, timeCost: PASSES })
  }
  const { hash } = await nodeArgon2()
  return hash(password, { memoryCost: MEMORY_KIB, timeCost: PASSES, parallelism: 1 })
}

export async function argon2Verify(hash: string, password: string): Promise<boolean> {
  if (typeof Bun !== 'undefined') return Bun.password.verify(password, hash)
  const { verify } = await nodeArgon2()
  return verify(hash, password)
}

/** Not a literal import: the compiled program runs on Bun, and a bundler would drag a native addon into it for nothing. */
function nodeArgon2(): Promise<typeof import('@node-rs/argon2')> {
  const specifier = '@node-rs/argon2'
  return import(specifier)
}
