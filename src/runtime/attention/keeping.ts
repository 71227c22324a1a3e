/** What is wrong with what the Runtime keeps: entries of journals that cannot be read any more, keys that nobody could replace. */
import { nounFor } from '../../base/mod.ts'
import type { Keyring, Rotations } from '../../keys/mod.ts'
import type { Journal } from '../../store/mod.ts'
import type { AttentionLine } from '../attention.ts'

const KEYS = { label: 'Keys and backup', href: '/settings/keys' }

/** By journal, what opening it had to pass over. It stands there until the next start. */
export function journalLines(journals: Readonly<Record<string, Pick<Journal, 'damage'>>>): AttentionLine[] {
  return Object.entries(journals).flatMap(([id, { damage }]) => {
    const lost = damage.reduce((sum, found) => sum + found.lost, 0)
    if (lost === 0) return []
    const [first] = damage
    return [
      {
        id: `journal.damaged ${id}`,
        state: 'failed',
        what: `${lost} ${nounFor(lost, 'entry', 'entries')} of the journal ${id} ${nounFor(lost, 'was', 'were')} damaged on the disk, in ${first?.segment} from position ${first?.position}`,
        effect: 'They were passed over and are lost; everything else of the journal is there. Check the volume.',
        cure: KEYS,
      },
    ]
  })
}

/** A recovery key that nobody has, and a rotation that does not come to its end. */
export function keyLines({
  keyring,
  rotations,
}: {
  keyring: Pick<Keyring, 'recovery'>
  rotations: Pick<Rotations, 'list'>
}): AttentionLine[] {
  const lines: AttentionLine[] = rotations.list().flatMap(({ name, failure }) =>
    failure === undefined
      ? []
      : [
          {
            id: `key.rotation_failed ${name}`,
            state: 'late',
            what: `The rotation of the key ${name} was cut off: ${failure}`,
            effect: 'All that lies under it opens as before. Begin it again once the cause is gone.',
            cure: KEYS,
          },
        ],
  )
  if (keyring.recovery().taken) return lines
  return [
    ...lines,
    {
      id: 'recovery_key.not_taken',
      state: 'late',
      word: 'to do',
      what: 'Nobody has the recovery key of this Runtime',
      effect: 'Were the master key lost, everything that is kept here would be lost with it.',
      cure: KEYS,
    },
  ]
}
