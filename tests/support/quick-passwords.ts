/**
 * Loaded before a quick run: argon2id for passwords at its least cost, a hundredth of the work for the same strings, which say by
 * themselves what they cost. Half of what tests of accounts use of a processor is this; the whole run pays in full.
 */
const { hash } = Bun.password

Bun.password.hash = (password) => hash(password, { algorithm: 'argon2id', memoryCost: 8, timeCost: 1 })
