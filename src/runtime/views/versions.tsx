/** What became of each version of a deployment that this Runtime knows of. */
import { Ago, Rows, State, type View } from '../../web/mod.ts'
import type { KeptAssignment } from '../state/assignments.ts'

const PLACES = { current: 'in force', waiting: 'waits', past: 'past' } as const

export function Versions({ versions, nowMs }: { versions: readonly KeptAssignment[]; nowMs: number }): View {
  const titles = ['Version', 'Place', 'State', 'Why', 'Received', 'Changed']
  return (
    <section class="card">
      <Rows
        title="Versions"
        columns={titles.map((title) => ({ title }))}
        rows={versions.map((one) => ({
          id: `version-${one.version}`,
          cells: [
            String(one.version),
            PLACES[one.place],
            <State state={one.state} why={one.reasons} />,
            one.reasons.map(({ code, item }) => `${code} ${item ?? ''}`.trim()).join(', '),
            <Ago at={one.receivedAtMs} now={nowMs} />,
            <Ago at={one.changedAtMs} now={nowMs} />,
          ],
        }))}
      />
    </section>
  )
}
