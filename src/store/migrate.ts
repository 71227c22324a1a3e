/** Brings a database to the schema of this program, from migrations that are part of the program itself. */
import type { Client } from '@libsql/client/sqlite3'
import { StoreSchemaUnknown } from './errors.ts'
import { translateStoreError } from './translate.ts'

/** One step, as `scripts/migrations.ts` generates it. Once released it is never edited: databases remember its hash. */
export type Migration = {
  /** When it was generated, ms since 1970; strictly increasing from step to step. */
  readonly createdAtMs: number
  /** Hex SHA-256 of the statements joined by newlines. */
  readonly hash: string
  readonly statements: readonly string[]
}

/** The table and the columns are drizzle's own, so that its tools can read what was applied. */
const CREATE =
  'CREATE TABLE IF NOT EXISTS __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)'

/**
 * Applies the steps that the database lacks, all or none.
 * Refuses a database whose steps are not a beginning of ours (`store.schema_unknown`): a later version wrote it.
 * Drizzle's own `dialect.migrate` runs inside a transaction where foreign keys stay on, so that rebuilding a parent table
 * would cascade into its children; the client's `migrate` switches them off on its one connection, and back on.
 */
export async function migrate(client: Client, migrations: readonly Migration[]): Promise<void> {
  try {
    await client.execute(CREATE)
    const applied = await client.execute('SELECT hash FROM __drizzle_migrations ORDER BY created_at')
    applied.rows.forEach((row, at) => {
      if (row['hash'] !== migrations[at]?.hash) {
        throw new StoreSchemaUnknown('the database holds a migration that this version of Sluice does not know')
      }
    })
    const missing = migrations.slice(applied.rows.length)
    if (missing.length === 0) return
    await client.migrate(missing.flatMap(statementsOf))
  } catch (error) {
    throw translateStoreError(error)
  }
}

function statementsOf(migration: Migration): { sql: string; args: (string | number)[] }[] {
  const remember = 'INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)'
  return [
    ...migration.statements.map((sql) => ({ sql, args: [] })),
    { sql: remember, args: [migration.hash, migration.createdAtMs] },
  ]
}
