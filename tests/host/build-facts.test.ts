import { expect, test } from 'bun:test'
import packageFile from '../../package.json' with { type: 'json' }
import { buildFacts } from '../../src/host/mod.ts'

test('buildFacts say that this is Bun from source, in the version of package.json', () => {
  expect(buildFacts).toEqual({ version: packageFile.version, host: 'bun', compiled: false })
})
