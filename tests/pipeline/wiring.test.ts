import { expect, test } from 'bun:test'
import { csvFileSource, type FlowComponent, runFlow } from '../../src/pipeline/mod.ts'
import { changing, collecting, numbered } from '../support/pipeline/components.ts'
import { memory } from '../support/pipeline/memory.ts'

function refusal(components: readonly FlowComponent[]): unknown {
  try {
    runFlow(memory().options(components))
  } catch (error) {
    return error
  }
  return undefined
}

const source = numbered('in', { rows: 1 })

test('runFlow() refuses components that do not fit together, by name and before anything is opened', () => {
  const same = (name: string, from: string[]): FlowComponent => changing(name, from, (batch) => batch)
  const cases: [string, FlowComponent[]][] = [
    ['out', [source, collecting('out', ['nobody'], [])]],
    ['out', [source, collecting('out', [], [])]],
    ['out', [source, collecting('out', ['in', 'in'], [])]],
    ['in', [source, source]],
    ['second', [source, collecting('first', ['in'], []), collecting('second', ['first'], [])]],
    ['a', [same('a', ['b']), same('b', ['a'])]],
    ['in', [{ ...source, from: ['out'] }, collecting('out', ['in'], [])]],
  ]
  for (const [item, components] of cases)
    expect(refusal(components)).toMatchObject({ code: 'pipeline.wiring_invalid', item })
})

test('runFlow() looks at each component once, however many ways lead to it: 40 diamonds on top of each other are no circle', () => {
  const same = (name: string, from: string[]): FlowComponent => changing(name, from, (batch) => batch)
  const diamonds = Array.from({ length: 40 }, (_, n) => {
    const top = n === 0 ? 'in' : `join-${n - 1}`
    return [same(`left-${n}`, [top]), same(`right-${n}`, [top]), same(`join-${n}`, [`left-${n}`, `right-${n}`])]
  }).flat()
  const circle = [same('round', ['join-39', 'about']), same('about', ['round'])]
  expect(refusal([source, ...diamonds, ...circle])).toMatchObject({ code: 'pipeline.wiring_invalid', item: 'round' })
})

test('a config that does not pass its schema fails its component with the path of the field, and without what stood there', async () => {
  const config = { paths: ['x.csv'], columns: { price: 'hunter2' } }
  const orders: FlowComponent = { name: 'orders', type: 'csv_file', from: [], definition: csvFileSource, config }
  const flow = runFlow(memory().options([orders, collecting('out', ['orders'], [])]))
  const failure = await flow.finished.catch((error: unknown) => error)
  expect(failure).toMatchObject({
    component: 'orders',
    reason: { code: 'pipeline.config_invalid', item: 'columns.price' },
  })
  expect(failure instanceof Error && failure.cause instanceof Error ? failure.cause.message : '').not.toContain(
    'hunter2',
  )
})
