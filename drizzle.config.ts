/** For drizzle-kit's own commands; the migrations that ship are made and embedded by scripts/migrations.ts. */
import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'turso',
  schema: './src/store/*/schema.ts',
  out: './.tmp/drizzle',
})
