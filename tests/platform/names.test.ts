import { expect, test } from 'bun:test'
import { named } from '../../src/platform/views/names.ts'

const RUNTIME = 'rt_01890000-0000-7000-8000-0000000000ee'
const STRANGER = 'rt_01890000-0000-7000-8000-0000000000ff'

test('a Runtime of the tenant is told by its name, another one by its id, and all else as it is', () => {
  const runtimes = [{ id: RUNTIME, name: 'cloud-01' }]
  expect(named(`receive from ${RUNTIME}`, runtimes)).toBe('receive from cloud-01')
  expect(named(`${RUNTIME} ${STRANGER}`, runtimes)).toBe(`cloud-01 ${STRANGER}`)
  expect(named('in/*.csv', runtimes)).toBe('in/*.csv')
})
