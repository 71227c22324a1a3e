import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { hostOf } from '../../src/connectors/approval.ts'
import { connectorTypes } from '../../src/connectors/mod.ts'

test.each(connectorTypes.map((type) => [type.type, type] as const))(
  'the example of %s is one that it takes, its settings are described, and docs/connectors.md tells of it',
  (name, type) => {
    const config = type.parse(type.example)
    expect(type.parse(config)).toEqual(config)
    expect(hostOf({ type: name, config })).toMatch(/^[a-z0-9.-]+:443(, [a-z0-9.-]+:443)*$/)
    expect(type.settings.filter(({ description }) => description === '')).toEqual([])
    expect(readFileSync(new URL('../../docs/connectors.md', import.meta.url), 'utf8')).toMatch(
      new RegExp(`\`${name}\`|--type ${name}\\b`),
    )
  },
)
