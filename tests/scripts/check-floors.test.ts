import { expect, test } from 'bun:test'
import { checkFloors } from '../../scripts/check-floors.ts'
import { importsOf, readSources, type SourceFile } from '../../scripts/source-files.ts'

function file(path: string, text: string): SourceFile {
  return { path, text, imports: importsOf(path, text) }
}

test('checkFloors() accepts an import of a lower room through its door', () => {
  expect(checkFloors([file('src/wire/envelope.ts', "import { sign } from '../crypto/mod.ts'")])).toEqual([])
})

test('checkFloors() catches an upward import', () => {
  const faults = checkFloors([file('src/base/ids.ts', "import { Heartbeat } from '../wire/mod.ts'")])
  expect(faults).toEqual(['src/base/ids.ts imports up: base (floor 0) → src/wire/mod.ts (floor 2)'])
})

test('checkFloors() catches a sideways import, even of a type alone', () => {
  const faults = checkFloors([file('src/platform/app.ts', "import type { Runtime } from '../runtime/mod.ts'")])
  expect(faults).toEqual(['src/platform/app.ts imports sideways: platform → src/runtime/mod.ts (both floor 7)'])
})

test('checkFloors() catches an inline type import and a re-export that go sideways', () => {
  expect(checkFloors([file('src/keys/vault.ts', "type T = import('../audit/mod.ts').Trail")])).toHaveLength(1)
  expect(checkFloors([file('src/keys/mod.ts', "export { openTrail } from '../audit/mod.ts'")])).toHaveLength(1)
})

test('checkFloors() catches an import by a side door', () => {
  const faults = checkFloors([file('src/wire/envelope.ts', "import { sign } from '../crypto/keys.ts'")])
  expect(faults).toEqual([
    'src/wire/envelope.ts imports by a side door: src/crypto/keys.ts instead of src/crypto/mod.ts',
  ])
})

test('checkFloors() catches a circle of files within a room', () => {
  const faults = checkFloors([
    file('src/base/a.ts', "import { b } from './b.ts'"),
    file('src/base/b.ts', "import type { C } from './c.ts'"),
    file('src/base/c.ts', "export { a } from './a.ts'"),
  ])
  expect(faults).toEqual(['circle: src/base/a.ts → src/base/b.ts → src/base/c.ts → src/base/a.ts'])
})

test('checkFloors() catches a room that is not in the table and code outside of src', () => {
  expect(checkFloors([file('src/utils/x.ts', "import { y } from '../base/mod.ts'")])).toHaveLength(1)
  expect(checkFloors([file('src/base/x.ts', "import { y } from '../../scripts/y.ts'")])).toHaveLength(1)
})

test('importsOf() reads imports over several lines and none from comments', () => {
  const text =
    "/* import { a } from './a.ts' */\nimport {\n  type B,\n  c,\n} from './c.ts'\n// import './d.ts'\nimport './e.ts'\n"
  expect(importsOf('src/base/x.ts', text)).toEqual(['src/base/c.ts', 'src/base/e.ts'])
})

test('the house stands', () => {
  expect(checkFloors(readSources(`${import.meta.dirname}/../..`, 'src'))).toEqual([])
})
